"""What each profile is meant to achieve: the numbers that the report stands beside what was measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Targets:
    """Seconds, cores and GiB."""

    up: float
    idle_cores: float
    idle_gib: float
    left_cores: float
    left_gib: float
    unchanged: float = 10
    down: float = 10
    ratio: float = 1.1
    cold_minutes: float = 60


MINI = Targets(up=75, idle_cores=0.5, idle_gib=2.5, left_cores=1, left_gib=4, cold_minutes=45)
LAPTOP = Targets(up=180, idle_cores=1, idle_gib=5, left_cores=1, left_gib=2)


def of(profile: str) -> Targets:
    """The targets of a profile; other profiles than `mini` are measured by the whole laptop's."""
    return MINI if profile == "mini" else LAPTOP
