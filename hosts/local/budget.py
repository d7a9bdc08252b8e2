"""The parent cgroup that keeps an environment within its profile's budget, on cgroup v1 and v2."""

import contextlib
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hosts.errors import HostError
from hosts.local.plan import Network

ROOT = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000
PID_MAX = Path("/proc/sys/kernel/pid_max")
CONTROLLERS = ("cpu", "memory", "pids", "cpuset", "io")


@dataclass(frozen=True)
class Limits:
    """What an environment may use of this machine in all: pods, nodes' own programs and the registry."""

    cpu_millis: int
    memory_bytes: int
    processes: int
    """Threads are counted."""

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Limits":
        """The limits that `record` (a Pulumi resource's properties) has, among other things."""
        return cls(**{each.name: int(record[each.name]) for each in fields(cls)})


def unified() -> bool:
    """Whether the machine runs cgroup v2 alone."""
    return (ROOT / "cgroup.controllers").exists()


def of_all() -> int:
    """How many thousandths of a busy process all environments together count for: a process for each core.

    A build on every core then leaves them half of the machine. As one process, which is the kernel's default, they
    would starve beside it: probes run out.
    """
    return 1000 * (os.cpu_count() or 1)


def weight(millis: int) -> tuple[str, str]:
    """The setting by which a cgroup counts for so many thousandths of a busy process, and its value.

    Bounds are the kernel's own (Documentation/admin-guide/cgroup-v2.rst; kernel/sched/sched.h for v1).
    """
    if unified():
        return "cpu.weight", str(min(max(millis // 10, 1), 10_000))
    return "cpu.shares", str(min(max(1024 * millis // 1000, 2), 262_144))


def _directories(network: Network) -> list[Path]:
    if unified():
        return [ROOT / network.cgroup]
    hierarchies = [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink()]
    return [path / network.cgroup for path in hierarchies]


def bounded(processes: int) -> int:
    """So many, but never more than three quarters of what the machine has numbers for."""
    return min(processes, int(PID_MAX.read_text()) * 3 // 4)


def set_budget(network: Network, limits: Limits) -> None:
    """Makes the parent cgroup and limits it to so much CPU time, memory (page cache counts) and so many processes.

    Environments beside each other share what they get in proportion to that CPU time.
    """
    quota = limits.cpu_millis * PERIOD_MICROSECONDS // 1000
    if unified():
        group = ROOT / network.cgroup
        for parent in (ROOT, group.parent, group):
            parent.mkdir(exist_ok=True)
            offered = (parent / "cgroup.controllers").read_text().split()
            _write(parent / "cgroup.subtree_control", " ".join(f"+{name}" for name in offered if name in CONTROLLERS))
        _weigh(group, limits.cpu_millis)
        _write(group / "cpu.max", f"{quota} {PERIOD_MICROSECONDS}")
        _write(group / "memory.max", str(limits.memory_bytes))
        _write(group / "pids.max", str(bounded(limits.processes)))
        return
    cpu, memory, pids = (ROOT / name / network.cgroup for name in ("cpu", "memory", "pids"))
    for group in (cpu, memory, pids):
        group.mkdir(parents=True, exist_ok=True)
    _weigh(cpu, limits.cpu_millis)
    _write(cpu / "cpu.cfs_period_us", str(PERIOD_MICROSECONDS))
    _write(cpu / "cpu.cfs_quota_us", str(quota))
    _write(memory / "memory.limit_in_bytes", str(limits.memory_bytes))
    _write(pids / "pids.max", str(bounded(limits.processes)))


def _weigh(group: Path, cpu_millis: int) -> None:
    for place, millis in ((group.parent, of_all()), (group, cpu_millis)):
        setting, value = weight(millis)
        _write(place / setting, value)


def _write(setting: Path, value: str) -> None:
    try:
        setting.write_text(value)
    except OSError as error:
        raise HostError(
            f"{setting} does not take {value!r}: {error.strerror}. A smaller budget than is in use, or a machine whose "
            "root cgroup belongs to somebody else (a container); `cairn preflight` says which"
        ) from error


def thaw(network: Network) -> None:
    """Lets whatever somebody froze go on: a frozen process does not even die when it is killed."""
    for root in _directories(network):
        for directory, _, _ in os.walk(root):
            for name, frozen, thawed in (("freezer.state", "FROZEN", "THAWED"), ("cgroup.freeze", "1", "0")):
                setting = Path(directory, name)
                with contextlib.suppress(FileNotFoundError):
                    if setting.read_text().strip() == frozen:
                        setting.write_text(thawed)


def processes(network: Network) -> set[int]:
    """Every process that runs in the environment."""
    found: set[int] = set()
    for root in _directories(network):
        for directory, _, _ in os.walk(root):
            # A cgroup may vanish between the listing and the look.
            with contextlib.suppress(OSError):
                found.update(int(word) for word in Path(directory, "cgroup.procs").read_text().split())
    return found


def remove(network: Network) -> None:
    """Removes the environment's cgroups and, when it was the last, the common parent."""
    for root in _directories(network):
        if root.is_dir():
            for directory, _, _ in os.walk(root, topdown=False):
                Path(directory).rmdir()
        if root.parent.is_dir() and not any(path.is_dir() for path in root.parent.iterdir()):
            root.parent.rmdir()
