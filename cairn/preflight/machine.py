"""Operating system, cores, memory, disk, root, and the languages that the build needs."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from cairn.preflight.check import Check, failed, passed, warned
from catalog.directories import cache_root, state_root

GIB = 1024**3
RUN_BYTES = 6 * GIB
"""Two nodes' root filesystems, their images and etcd, with room for a person's volumes."""
BUILD_BYTES = 30 * GIB
"""A cold build: the Go caches of the largest item at a time, and every result."""


@dataclass(frozen=True)
class Disk:
    """Bytes that are wanted in the cache and in the state directory."""

    cache: int
    state: int


PYTHON = (3, 11)
GO = (1, 26)
A_LINUX_VM = (
    "use a Linux VM (Debian 12, 2 cores, 10 GiB), or a cluster that you have:\n"
    "cairn up PROFILE --set cluster.provider=existing --kubeconfig FILE --context NAME"
)
A_LARGER_DISK = "name a larger disk: export XDG_CACHE_HOME=... XDG_STATE_HOME=..."


def operating_system(system: str, release: Mapping[str, str]) -> Check:
    """Local nodes share this machine's kernel: it must be Linux; their tools come from Debian's packages."""
    name = "operating system"
    if system != "linux":
        return failed(name, f"{'macOS' if system == 'darwin' else system} can't run local nodes", A_LINUX_VM)
    found = f"{release.get('PRETTY_NAME', 'Linux')}, kernel {platform.release()}, {platform.machine()}"
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    if not family & {"debian", "ubuntu"}:
        return warned(name, f"{found}: only Debian and Ubuntu are tested", A_LINUX_VM)
    return passed(name, found)


def cores(wanted_millis: int, have: int) -> Check:
    """The profile's budget against the cores that this process may use."""
    found = f"{have} here, the profile asks for {wanted_millis / 1000:g}"
    if wanted_millis > have * 1000:
        return failed("cores", found, f"cairn up PROFILE --set budget.cpu={have}")
    return passed("cores", found)


def memory(wanted_bytes: int, total: int, available: int | None) -> Check:
    """The profile's budget against the machine's memory and what of it is free; None while the cluster itself runs."""
    free = "" if available is None else f", {available / GIB:.1f} free"
    found = f"{total / GIB:.1f} GiB here{free}, the profile asks for {wanted_bytes / GIB:.1f}"
    if wanted_bytes > total:
        return failed("memory", found, f"cairn up PROFILE --set budget.memory={int(total / GIB)}Gi")
    if available is not None and wanted_bytes > available:
        return warned("memory", found, "end programs that use much memory: ps --sort=-rss aux | head")
    return passed("memory", found)


def disk(place: Path, free: int, wanted: int) -> Check:
    """Free space where Cairn keeps its things."""
    name = f"disk for {place}"
    found = f"{free / GIB:.1f} GiB free, {wanted / GIB:.0f} wanted"
    if free < RUN_BYTES / 2:
        return failed(name, found, f"free some space, or {A_LARGER_DISK}")
    if free < wanted:
        return warned(name, found, A_LARGER_DISK)
    return passed(name, found)


def root(user: int) -> Check:
    """Local nodes have namespaces, mounts and links of their own: that takes root."""
    if user != 0:
        return failed("root", f"user {user} can't make local nodes", 'sudo -E env "PATH=$PATH" cairn up PROFILE')
    return passed("root", "yes")


def python(version: tuple[int, ...]) -> Check:
    """The interpreter that runs this."""
    found = ".".join(map(str, version))
    if version < PYTHON:
        return failed("python", found, f"make the environment with Python {PYTHON[0]}.{PYTHON[1]} or newer")
    return passed("python", found)


def go(output: str | None) -> Check:
    """The compiler, from the words of `go env GOVERSION`; None when there is none."""
    wanted = ".".join(map(str, GO))
    fix = f"install Go {wanted} or newer and put it on PATH"
    if not output:
        return failed("go", "not on PATH; a build from source needs it", fix)
    # A release candidate (go1.27rc1) and a build from a branch (devel go1.27-abc) name their release too.
    found = re.search(r"go(\d+)\.(\d+)", output)
    if found is None:
        return failed("go", f"calls itself {output.strip()!r}, which is no Go release", fix)
    numbers = tuple(int(part) for part in found.groups())
    return passed("go", output.strip()) if numbers >= GO else failed("go", f"{output.strip()}, not {wanted}", fix)


def look(cpu_millis: int, memory_bytes: int, cold: bool, running: bool, wanted: Disk) -> list[Check]:
    """Look at this machine for a local cluster of that budget.

    `cold` says that items must still be built; `running` that the cluster's own use is part of what is in use now.
    """
    if sys.platform != "linux":
        return [operating_system(sys.platform, {})]
    virtual = psutil.virtual_memory()
    places = {cache_root(): wanted.cache, state_root(): wanted.state}
    return [
        operating_system(sys.platform, platform.freedesktop_os_release()),
        root(os.geteuid()),
        cores(cpu_millis, len(os.sched_getaffinity(0))),
        memory(memory_bytes, virtual.total, None if running else virtual.available),
        *(disk(place, _free(place), size) for place, size in places.items()),
        python(sys.version_info[:3]),
        *([go(_go_version())] if cold else []),
    ]


def _free(place: Path) -> int:
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _go_version() -> str | None:
    if not shutil.which("go"):
        return None
    result = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, cwd="/", check=False)
    return result.stdout or None
