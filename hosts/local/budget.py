"""The parent cgroup that keeps an environment within its profile's budget, on cgroup v1 and v2."""

import os
from pathlib import Path

from hosts.local.plan import Network

ROOT = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000


def unified() -> bool:
    """Whether the machine runs cgroup v2 alone."""
    return (ROOT / "cgroup.controllers").exists()


def _directories(network: Network) -> list[Path]:
    if unified():
        return [ROOT / network.cgroup]
    hierarchies = [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink()]
    return [path / network.cgroup for path in hierarchies]


def set_budget(network: Network, cpu_millis: int, memory_bytes: int) -> None:
    """Makes the parent cgroup and limits it to so much CPU time and memory (page cache counts, and is reclaimed)."""
    quota = cpu_millis * PERIOD_MICROSECONDS // 1000
    if unified():
        group = ROOT / network.cgroup
        for parent in (ROOT, group.parent):
            parent.mkdir(exist_ok=True)
            (parent / "cgroup.subtree_control").write_text("+cpu +memory +pids +cpuset +io")
        group.mkdir(exist_ok=True)
        (group / "cgroup.subtree_control").write_text("+cpu +memory +pids +cpuset +io")
        (group / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
        (group / "memory.max").write_text(str(memory_bytes))
        return
    cpu, memory = ROOT / "cpu" / network.cgroup, ROOT / "memory" / network.cgroup
    for group in (cpu, memory):
        group.mkdir(parents=True, exist_ok=True)
    (cpu / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
    (cpu / "cpu.cfs_quota_us").write_text(str(quota))
    (memory / "memory.limit_in_bytes").write_text(str(memory_bytes))


def processes(network: Network) -> set[int]:
    """Every process that runs in the environment."""
    listings = (listing for root in _directories(network) if root.is_dir() for listing in root.rglob("cgroup.procs"))
    return {int(word) for listing in listings for word in listing.read_text().split()}


def remove(network: Network) -> None:
    """Removes the environment's cgroups and, when it was the last, the common parent."""
    for root in _directories(network):
        if root.is_dir():
            for directory, _, _ in os.walk(root, topdown=False):
                Path(directory).rmdir()
        if root.parent.is_dir() and not any(path.is_dir() for path in root.parent.iterdir()):
            root.parent.rmdir()
