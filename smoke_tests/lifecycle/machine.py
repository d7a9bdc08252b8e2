"""What an environment may leave on the machine: everything that `down` must take away or put back."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from catalog.build import rootfs
from hosts.local import bridge, budget
from hosts.local.plan import Network

SETTINGS = {"vm/overcommit_memory": "0", "kernel/panic": "7", "kernel/panic_on_oops": "0"}
"""Kernel settings that kubelet changes for the whole machine, and values that are not kubelet's."""
ALSO_SHARED = ("vm/panic_on_oom", "net/ipv4/ip_forward", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes")
WATCHED = ("etc", "opt", "var/lib", "usr/local/bin", "usr/local/sbin", "run", "run/cairn", "sys/fs/cgroup")
"""Directories whose entries an environment might add to."""


@dataclass(frozen=True)
class Machine:
    """The machine at one moment. Two are equal when nothing was left behind."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    namespaces: frozenset[str]
    cgroups: frozenset[str]
    rules: frozenset[str]
    settings: tuple[tuple[str, str], ...]
    entries: frozenset[str]

    def left_since(self, before: "Machine", handle: str) -> dict[str, list[object]]:
        """What is here now and was not then, by kind; of settings, those whose value differs.

        What carries another environment's handle than `handle` is somebody else's, who came in the meantime.
        """
        mine, theirs = vars(self), vars(before)
        found = {kind: {one for one in set(mine[kind]) - set(theirs[kind]) if _may_be_of(one, handle)} for kind in mine}
        return {kind: sorted(left) for kind, left in found.items() if left}


def _may_be_of(thing: object, handle: str) -> bool:
    """Whether a name carries the environment's handle or none (hosts/local/plan.py says where handles stand)."""
    carried = re.findall(r"(?:cairn[-/:]|crn)([0-9a-f]{6})", str(thing))
    return not carried or handle in carried


def look(state: Path) -> Machine:
    """The machine now. Of processes those count that know `state`: other people's come and go."""
    return Machine(
        processes=frozenset(_processes_of(str(state))),
        mounts=frozenset(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        links=frozenset(path.name for path in Path("/sys/class/net").iterdir()),
        namespaces=frozenset(path.name for path in bridge.NAMESPACES.glob("*")),
        cgroups=frozenset(str(path) for path in Path("/sys/fs/cgroup").glob("*/cairn*/*")),
        rules=frozenset(_rules()),
        settings=tuple((name, Path("/proc/sys", name).read_text().strip()) for name in (*SETTINGS, *ALSO_SHARED)),
        entries=frozenset(str(path) for parent in WATCHED for path in Path("/", parent).glob("*")),
    )


def _processes_of(state: str) -> list[str]:
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            knows = state.encode() in (directory / "environ").read_bytes() or state in command
            # What runs inside a node has the node's files as its root.
            inside = str((directory / "root").readlink()).startswith(state)
        except OSError:
            continue
        if (knows or inside) and int(directory.name) not in (os.getpid(), os.getppid()):
            found.append(command)
    return found


def _rules() -> list[str]:
    """The machine's own netfilter rules, without counters, read by the node image's program."""
    program = [shutil.which("iptables-save") or "iptables-save"]
    if not shutil.which("iptables-save"):
        program = ["chroot", str(rootfs("node")), "/usr/sbin/iptables-save"]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith("-")]


def others_run() -> bool:
    """Whether environments of any state directory have containers on this machine."""
    return any(path.is_dir() for path in Path("/run/cairn").glob("*"))


def set_kernel(values: dict[str, str]) -> dict[str, str]:
    """Writes kernel settings and returns what they were."""
    before = {name: Path("/proc/sys", name).read_text().strip() for name in values}
    for name, value in values.items():
        Path("/proc/sys", name).write_text(value)
    return before


def cut_power(network: Network) -> None:
    """Leaves of an environment what a power cut and a boot leave: its disks, and nothing that ran or was in memory."""
    while processes := budget.processes(network):
        for process in processes:
            try:
                os.kill(process, 9)
            except ProcessLookupError:
                continue
    bridge.remove(network)
    budget.remove(network)
    shutil.rmtree(network.run_root)
    assert not any(network.handle in line for line in Path("/proc/self/mounts").read_text().splitlines())
