"""What must hold between the parts of a profile that belong to no module.

What one value must be by itself, the schema says; what a module needs of a profile, the module.
"""

from collections.abc import Iterator
from decimal import Decimal

from profiles.complaint import Mistake
from profiles.quantity import amount
from profiles.schema import Profile


def mistakes(profile: Profile) -> Iterator[Mistake]:
    """All that doesn't fit together in a profile whose values are each as they should be."""
    if profile.cluster.provider == "local":
        yield from _quotas_beyond_the_nodes(profile)


def _quotas_beyond_the_nodes(profile: Profile) -> Iterator[Mistake]:
    for resource in ("cpu", "memory"):
        offered = amount(getattr(profile.budget, resource))
        yield from quota_beyond(profile, resource, offered, f"lower teams.*.{resource} or raise budget.{resource}")


def quota_beyond(profile: Profile, resource: str, offered: Decimal, remedy: str) -> Iterator[Mistake]:
    """The complaint that all teams' own quota of a resource is more than local nodes offer, if it is."""
    asked = sum((amount(str(getattr(team, resource))) for team in profile.teams.values()), Decimal(0))
    if asked > offered:
        yield Mistake(
            ("teams",), f"the teams' own {resource} add up to {asked:f}, and the nodes offer {offered:f}: {remedy}"
        )
