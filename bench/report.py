"""docs/performance.md, made of measurements. Pure."""

from dataclasses import dataclass, field
from statistics import median

from bench.idle import UNKNOWN as IDLE_UNKNOWN
from bench.idle import Idle
from profiles.schema import Profile

GIB = 1024**3


@dataclass
class Measurements:
    """Everything that was measured; times in seconds. `busy` is the run queue's length before the start."""

    machine: str
    busy: float
    built: dict[str, float]
    """How long each item of the catalog took to make, when this machine made it."""
    warm: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    unchanged_up: list[float] = field(default_factory=list)
    unchanged_preview: list[float] = field(default_factory=list)
    down: list[float] = field(default_factory=list)
    idle: Idle = IDLE_UNKNOWN


def page(seen: Measurements, profile: Profile) -> str:
    """The whole page."""
    ratio = median(seen.warm) / median(seen.plain)
    cpu, memory = profile.budget.cpu_millis / 1000, profile.budget.memory_bytes / GIB
    asked = float(seen.idle.requested_bytes) / GIB
    rows = [
        ("`cairn up` from nothing to all ready, items built", _times(seen.warm), "75 s"),
        ("the same by plain kubeadm, helm and kubectl, one after the other", _times(seen.plain), ""),
        ("ratio of the medians", f"{ratio:.2f}", "1.1 at most"),
        ("`cairn up` with nothing to change", _times(seen.unchanged_up), "10 s"),
        ("`cairn preview` with nothing to change", _times(seen.unchanged_preview), "10 s"),
        ("`cairn down`", _times(seen.down), "10 s"),
        (
            "making the catalog's items, by the receipts below (cold only where the compiler's cache was)",
            f"{sum(seen.built.values()) / 60:.0f} min",
            "45 min when cold",
        ),
        (f"processor in use while idle, over {seen.idle.seconds:.0f} s", f"{seen.idle.cores:.2f} cores", "0.5 cores"),
        ("memory in use while idle", f"{seen.idle.memory_bytes / GIB:.2f} GiB", "2.5 GiB"),
        (
            f"left for work of the budget's {cpu:g} cores and {memory:g} GiB, by requests",
            f"{cpu - float(seen.idle.requested_cores):.2f} cores, {memory - asked:.2f} GiB",
            "1 core, 4 GiB",
        ),
    ]
    table = [
        "| | measured | target |",
        "|---|---|---|",
        *(f"| {what} | {found} | {goal} |" for what, found, goal in rows),
    ]
    return "\n".join(
        [*HEAD, f"{seen.machine}; load average before the start {seen.busy:.1f}.", "", *table, *_built(seen)]
    )


HEAD = [
    "# Performance",
    "",
    "Made by `make bench` (`python -m bench`), which measures and asserts nothing. Of several runs the median stands",
    "first, then each run. Runs of Cairn and of the yardstick take turns. The yardstick (bench/plain.py) makes the",
    "same nodes with the same code, and the same modules from the same charts, images and values, with the same waits,",
    "one after the other and without Pulumi. Memory is what is in use without droppable page cache.",
    "",
]

BUILT_HEAD = [
    "",
    "## Making the catalog's items",
    "",
    "From the cache's receipts: how long each took when it was made here. With a cold compiler cache the first item",
    "that uses a Go module pays for it; items that share it are cheap afterwards.",
    "",
    "| item | time | share |",
    "|---|---|---|",
]


def _times(runs: list[float]) -> str:
    each = ", ".join(f"{seconds:.1f}" for seconds in runs)
    return f"{median(runs):.1f} s ({each})" if len(runs) > 1 else f"{runs[0]:.1f} s"


def _built(seen: Measurements) -> list[str]:
    total = sum(seen.built.values())
    if not total:
        return [""]
    largest = sorted(seen.built.items(), key=lambda pair: -pair[1])
    share = {item: 100 * seconds / total for item, seconds in largest}
    rows = [f"| {item} | {seconds:.0f} s | {share[item]:.0f} % |" for item, seconds in largest if seconds >= 1]
    return [*BUILT_HEAD, *rows, ""]
