"""What must hold between the parts of a profile; what one value must be by itself, the schema says."""

from collections.abc import Iterator
from decimal import Decimal

from profiles import flavors
from profiles.complaint import Mistake
from profiles.quantity import amount
from profiles.schema import Profile


def mistakes(profile: Profile) -> Iterator[Mistake]:
    """All that doesn't fit together in a profile whose values are each as they should be."""
    yield from flavors.mistakes(profile)
    if profile.cluster.provider == "local":
        yield from _quotas_beyond_the_nodes(profile)
        if profile.modules.accelerators and profile.modules.accelerators.mode == "nvidia":
            yield Mistake(
                ("modules", "accelerators", "mode"),
                "nvidia needs nodes with GPUs, and local nodes are containers that get none of this machine's: choose "
                "`simulated`, or a cluster that has some (cluster.provider=existing)",
            )
    gateway = profile.modules.gateway
    if gateway and gateway.etc_hosts and not gateway.addresses and profile.cluster.provider != "local":
        path = ("modules", "gateway", "etc_hosts")
        yield Mistake(path, "needs an address: set modules.gateway.addresses too")


def _quotas_beyond_the_nodes(profile: Profile) -> Iterator[Mistake]:
    offered = {"cpu": amount(profile.budget.cpu), "memory": amount(profile.budget.memory)}
    accelerators = profile.modules.accelerators
    if accelerators and accelerators.mode == "simulated":
        offered["gpu"] = Decimal(accelerators.per_node * (profile.cluster.workers + 1))
    for resource, most in offered.items():
        asked = sum((amount(str(getattr(team, resource))) for team in profile.teams.values()), Decimal(0))
        if asked > most:
            more = "" if resource == "gpu" else f" or raise budget.{resource}"
            yield Mistake(
                ("teams",),
                f"the teams' own {resource} add up to {asked:f}, and the nodes offer {most:f}: "
                f"lower teams.*.{resource}{more}",
            )
