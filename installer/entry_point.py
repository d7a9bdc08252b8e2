"""What a person is told of the entry point, and what names this machine may be given for it."""

from dataclasses import dataclass

from modules.registry import enabled, entry_of
from profiles.schema import Profile


@dataclass(frozen=True)
class EntryPoint:
    """Where the platform answers, as far as the profile says, and the hosts of the platform's own routes."""

    domain: str
    addresses: tuple[str, ...]
    hosts: tuple[str, ...]


def entry_point(profile: Profile) -> EntryPoint | None:
    """The profile's entry point; None if nobody lets people in."""
    entry = entry_of(profile)
    if entry is None:
        return None
    made = [each for module in enabled(profile) for each in module.objects(profile)]
    routes = [each for each in made if each["kind"] in ("HTTPRoute", "GRPCRoute")]
    hosts = {host for route in routes for host in route["spec"].get("hostnames", [])}
    return EntryPoint(entry.domain, entry.addresses, tuple(sorted(hosts)))


def names(profile: Profile) -> tuple[str, ...]:
    """The hosts that this machine's /etc/hosts is to have, by the profile; none unless it asks for that."""
    entry, point = entry_of(profile), entry_point(profile)
    if entry is None or point is None or entry.etc_hosts is None:
        return ()
    return (*point.hosts, *(f"{name}.{entry.domain}" for name in entry.etc_hosts))
