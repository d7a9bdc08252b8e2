"""docs/performance.md, made of measurements. Pure."""

from dataclasses import dataclass, field
from statistics import median

from bench.idle import UNKNOWN as IDLE_UNKNOWN
from bench.idle import Idle
from bench.serving import Served
from bench.shares import Share
from bench.targets import of
from bench.training import Started
from profiles.schema import Profile

GIB = 1024**3
MIB = 1024**2


@dataclass
class Measurements:
    """Everything that was measured; times in seconds. `busy` is the run queue's length before the start."""

    machine: str
    busy: float
    warm: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    unchanged_up: list[float] = field(default_factory=list)
    unchanged_preview: list[float] = field(default_factory=list)
    down: list[float] = field(default_factory=list)
    idle: Idle = IDLE_UNKNOWN
    shares: list[Share] = field(default_factory=list)
    training: list[Started] = field(default_factory=list)
    """The first may have had to pull its image; none when the profile doesn't train."""
    serving: dict[str, Served] = field(default_factory=dict)
    """What clients saw, by the way that they took; nothing when the profile doesn't serve."""


def page(seen: Measurements, name: str, profile: Profile) -> str:
    """The whole page for the profile of that name."""
    goal = of(name)
    ratio = median(seen.warm) / median(seen.plain)
    cpu, memory = profile.budget.cpu_millis / 1000, profile.budget.memory_bytes / GIB
    asked = float(seen.idle.requested_bytes) / GIB
    rows = [
        ("`cairn up` from nothing to all ready, items built", _times(seen.warm), f"{goal.up:g} s"),
        ("the same by plain kubeadm, helm and kubectl, one after the other", _times(seen.plain), ""),
        ("ratio of the medians", f"{ratio:.2f}", f"{goal.ratio:g} at most"),
        ("`cairn up` with nothing to change", _times(seen.unchanged_up), f"{goal.unchanged:g} s"),
        ("`cairn preview` with nothing to change", _times(seen.unchanged_preview), f"{goal.unchanged:g} s"),
        ("`cairn down`", _times(seen.down), f"{goal.down:g} s"),
        (
            f"processor in use while idle, over {seen.idle.seconds:.0f} s",
            f"{seen.idle.cores:.2f} cores",
            f"{goal.idle_cores:g} cores",
        ),
        ("memory in use while idle", f"{seen.idle.memory_bytes / GIB:.2f} GiB", f"{goal.idle_gib:g} GiB"),
        (
            f"left for work of the budget's {cpu:g} cores and {memory:g} GiB, by requests",
            f"{cpu - float(seen.idle.requested_cores):.2f} cores, {memory - asked:.2f} GiB",
            f"{goal.left_cores:g} cores, {goal.left_gib:g} GiB",
        ),
    ]
    table = [
        "| | measured | target |",
        "|---|---|---|",
        *(f"| {what} | {found} | {target} |" for what, found, target in rows),
    ]
    where = f"Profile `{name}`; {seen.machine}; load average before the start {seen.busy:.1f}."
    parts = [*_training(seen.training), *_serving(seen.serving), *_shares(seen.shares)]
    return "\n".join([*HEAD, where, "", *table, *parts, ""])


def kept(page: str) -> str:
    """What people wrote under the measurements of an earlier page, its mark included; empty when there is none."""
    _, mark, text = page.partition(BY_HAND)
    return mark + text


BY_HAND = "<!-- Written by hand: `make bench` keeps what follows. -->"

HEAD = [
    "# Performance",
    "",
    "Made by `make bench` (`python -m bench`), which measures and asserts nothing. Of several runs the median stands",
    "first, then each run. Runs of Cairn and of the yardstick take turns. The yardstick (bench/plain.py) makes the",
    "same nodes with the same code, and the same modules from the same charts, images and values, with the same waits,",
    "one after the other and without Pulumi. Memory is what is in use without droppable page cache.",
    "Pages: [the whole laptop](performance.md), [mini](performance-mini.md), [a cold build](performance-cold.md).",
    "",
]

TRAINING_HEAD = [
    "",
    "## From submitting a training to its first step",
    "",
    "The TrainJob of examples/training/jax, two workers on two nodes with a SIMULATED GPU each, on an otherwise idle",
    "platform; Kubernetes keeps the time of the admission in whole seconds.",
    "",
    "| | admitted by the team's queue | first step done |",
    "|---|---|---|",
]

SERVING_HEAD = [
    "",
    "## What serving costs",
    "",
    "A scikit-learn model on MLServer, one row a request, asked by a pod on the cluster: 50 requests a second for the",
    "percentiles, then as many as eight connections take. Medians of three rounds in turn; the model's server, the",
    "proxies and the client share the profile's cores.",
    "",
    "| way to the model | p50 | p99 | requests per second | failed |",
    "|---|---|---|---|---|",
]

SHARES_HEAD = [
    "",
    "## What each module costs",
    "",
    "Time is how long `up` worked on it, from nothing; modules are worked on side by side, so the times add up to more",
    "than `up` takes. Memory is its pods' working set, as metrics-server has it; the cluster has the rest: nodes,",
    "control plane, DNS. Images are what nodes pull from the registry; layers that modules share are counted for each.",
    "",
    "| module | time | memory | share | images | share |",
    "|---|---|---|---|---|---|",
]


def _times(runs: list[float]) -> str:
    each = ", ".join(f"{seconds:.1f}" for seconds in runs)
    return f"{median(runs):.1f} s ({each})" if len(runs) > 1 else f"{runs[0]:.1f} s"


def _training(runs: list[Started]) -> list[str]:
    if not runs:
        return []
    names = ["first on these nodes", *(f"again ({number})" for number in range(1, len(runs)))]
    rows = zip(names, runs, strict=True)
    return [*TRAINING_HEAD, *(f"| {name} | {run.admitted:.0f} s | {run.first_step:.1f} s |" for name, run in rows)]


def _serving(seen: dict[str, Served]) -> list[str]:
    if not seen:
        return []
    alone = next(iter(seen.values()))
    rows = (
        f"| {name} | {_beside(found.p50_ms, alone.p50_ms, 'ms')} | {_beside(found.p99_ms, alone.p99_ms, 'ms')} "
        f"| {_beside(found.per_second, alone.per_second, '')} | {found.failed} |"
        for name, found in seen.items()
    )
    return [*SERVING_HEAD, *rows]


def _beside(value: float, reference: float, unit: str) -> str:
    ratio = "" if value is reference else f" ({value / reference:.2f} x)"
    return f"{value:.1f} {unit}".strip() + ratio


def _shares(shares: list[Share]) -> list[str]:
    if not shares:
        return []
    memory = sum(share.memory_bytes for share in shares) or 1
    images = sum(share.image_bytes for share in shares) or 1
    return [
        *SHARES_HEAD,
        *(
            f"| {share.name} | {share.seconds:.0f} s "
            f"| {share.memory_bytes / MIB:.0f} MiB | {100 * share.memory_bytes / memory:.0f} % "
            f"| {share.image_bytes / MIB:.0f} MiB | {100 * share.image_bytes / images:.0f} % |"
            for share in shares
        ),
    ]
