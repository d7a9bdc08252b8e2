"""What must hold of flavors and of the teams' quota on them, so that what is admitted can run."""

from collections.abc import Iterator, Mapping

from profiles.complaint import Mistake
from profiles.quantity import amount
from profiles.schema import Profile
from profiles.settings.compute import Flavor
from profiles.teams import Quota, Team

_RESOURCES = ("cpu", "memory", "gpu")
_FLAVORS = ("modules", "queueing", "flavors")


def mistakes(profile: Profile) -> Iterator[Mistake]:
    """Quota on flavors that there are not or that no node has, and limits that Kueue would refuse."""
    assert profile.modules.queueing is not None
    known = list(profile.modules.queueing.flavors)
    for name, team in profile.teams.items():
        path = ("teams", name)
        yield from _limits(path, team)
        for flavor, quota in team.other_flavors.items():
            below = (*path, "other_flavors", flavor)
            yield from _limits(below, quota)
            if flavor not in known:
                yield Mistake(below, f"modules.queueing.flavors has no {flavor}")
            elif flavor == known[0]:
                yield Mistake(
                    below, f"{flavor} is the first flavor, whose quota is the team's own figures: write them in {name}"
                )
    if profile.cluster.provider == "local":
        yield from _without_a_node(profile, profile.modules.queueing.flavors)


def quotas(team: Team, flavors: Mapping[str, object]) -> dict[str, Quota]:
    """The team's quota by flavor: its own figures are the first one's."""
    first, *others = flavors
    return {first: team, **{flavor: team.other_flavors[flavor] for flavor in others if flavor in team.other_flavors}}


def _limits(path: tuple[str, ...], quota: Quota) -> Iterator[Mistake]:
    for resource in _RESOURCES:
        lent, own = getattr(quota.lending, resource), getattr(quota, resource)
        if lent is not None and amount(str(lent)) > amount(str(own)):
            yield Mistake(
                (*path, "lending", resource),
                f"{lent} is more than the quota of the team's own, {own}: lower it, or leave it out to lend everything",
            )


def _without_a_node(profile: Profile, flavors: Mapping[str, Flavor]) -> Iterator[Mistake]:
    """Flavors with quota whose labels no local node will have: what is admitted on them would wait for ever."""
    holders: dict[str, list[str]] = {}
    for name, team in profile.teams.items():
        for flavor, quota in quotas(team, flavors).items():
            if any(amount(str(getattr(quota, resource))) > 0 for resource in _RESOURCES):
                holders.setdefault(flavor, []).append(name)
    # By the names of nodes: what the profile says of its own nodes' labels.
    labelled = profile.cluster.node_labels
    nodes: list[dict[str, str]] = [{}, *labelled.values()]
    for flavor, teams in holders.items():
        wanted = flavors[flavor].node_labels
        # What kubelet itself says of a node isn't known before there is one.
        of_ours = {key: value for key, value in wanted.items() if "kubernetes.io/" not in key}
        if not any(of_ours.items() <= labels.items() for labels in nodes):
            words = ", ".join(f"{key}={value}" for key, value in of_ours.items())
            yield Mistake(
                (*_FLAVORS, flavor, "node_labels"),
                f"no node has {words}, and {', '.join(teams)} would have quota there that nothing can run on: "
                "change the labels, or take the quota away",
            )
