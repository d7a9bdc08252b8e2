"""Whether a module's controller, of which Cairn runs one, takes a lease before it works."""

from profiles.schema import Profile


def takes_lease(profile: Profile) -> bool:
    """False on local nodes: nobody could take over there, and a lease must be renewed within ten seconds.

    A machine with too much to do misses that; each controller then ends itself, and waits longer each time before it
    starts again. Elsewhere a node that is cut off may still run the old one beside the new.
    """
    return profile.cluster.provider != "local"
