"""A system container on this machine: an OCI bundle run by runc, without any engine."""

import json
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.build import tool
from hosts.errors import HostError
from hosts.local.command import run, succeeds
from hosts.local.plan import Network

# In the order of their bits, as linux/capability.h numbers them.
CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"),
    *("LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER"),
    *("SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE"),
    *("SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP"),
    *("MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF"),
    "CHECKPOINT_RESTORE",
)
SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


@dataclass(frozen=True)
class Mount:
    """One mount inside a container; `kind` "bind" takes `source` from this machine."""

    target: str
    kind: str
    source: str = ""
    options: tuple[str, ...] = ()

    def as_oci(self) -> dict[str, Any]:
        """The mount in the OCI runtime specification's form."""
        kind = "none" if self.kind == "bind" else self.kind
        extra = ("rbind",) if self.kind == "bind" else ()
        return {
            "destination": self.target,
            "type": kind,
            "source": self.source or kind,
            "options": [*extra, *self.options],
        }


BASE_MOUNTS = (
    Mount("/proc", "proc"),
    Mount("/dev", "tmpfs", options=("nosuid", "strictatime", "mode=755", "size=65536k")),
    Mount("/dev/pts", "devpts", options=("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")),
    Mount("/dev/shm", "tmpfs", "shm", ("nosuid", "noexec", "nodev", "mode=1777", "size=64m")),
)


@dataclass(frozen=True)
class Container:
    """What runs: the root filesystem, the first process, and the address that it has on the bridge."""

    network: Network
    name: str
    address: str
    rootfs: Path
    args: tuple[str, ...]
    mounts: tuple[Mount, ...]
    env: dict[str, str] = field(default_factory=dict)
    namespaces: tuple[str, ...] = ("pid", "ipc", "uts", "mount")
    read_only: bool = False

    @property
    def bundle(self) -> Path:
        """The OCI bundle's directory."""
        return self.network.root / "bundles" / self.name

    @property
    def log(self) -> Path:
        """Where the first process's own output goes."""
        return self.network.root / "logs" / f"{self.name}.log"


def held_capabilities() -> list[str]:
    """The capabilities that this process may hand on, by name."""
    lines = Path("/proc/self/status").read_text().splitlines()
    mask = int(next(line for line in lines if line.startswith("CapBnd:")).split()[1], 16)
    return [f"CAP_{name}" for bit, name in enumerate(CAPABILITIES) if mask >> bit & 1]


def oci_config(container: Container, namespace: Path, capabilities: list[str]) -> dict[str, Any]:
    """The bundle's config.json (OCI runtime specification 1.0)."""
    return {
        "ociVersion": "1.0.2",
        "hostname": container.name,
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": list(container.args),
            "env": [f"{key}={value}" for key, value in container.env.items()],
            "cwd": "/",
            "capabilities": dict.fromkeys(
                ("bounding", "effective", "permitted", "inheritable", "ambient"), capabilities
            ),
        },
        "root": {"path": str(container.rootfs), "readonly": container.read_only},
        "mounts": [mount.as_oci() for mount in (*BASE_MOUNTS, *container.mounts)],
        "linux": {
            "namespaces": [
                *({"type": kind} for kind in container.namespaces),
                {"type": "network", "path": str(namespace)},
            ],
            "cgroupsPath": f"/{container.network.cgroup}/{container.name}",
            "rootfsPropagation": "shared",
            "resources": {"devices": [{"allow": True, "access": "rwm"}]},
        },
    }


def _runc(network: Network, *words: str | Path) -> str:
    return run(tool("runc"), "--root", network.run_root, *words)


def states(network: Network) -> dict[str, dict[str, Any]]:
    """What runc knows of the environment's containers, by name."""
    if not network.run_root.is_dir():
        return {}
    listed = json.loads(_runc(network, "list", "--format", "json") or "null") or []
    return {state["id"]: state for state in listed}


def running(container: Container) -> bool:
    """Whether the container's first process runs."""
    if not (container.network.run_root / container.name).exists():
        return False
    state = json.loads(_runc(container.network, "state", container.name))
    return bool(state["status"] == "running")


def start(container: Container, namespace: Path) -> None:
    """Runs the container in the network namespace, unless it runs. A dead one of the same name is cleared away."""
    if running(container):
        return
    delete(container.network, container.name)
    container.bundle.mkdir(parents=True, exist_ok=True)
    container.log.parent.mkdir(parents=True, exist_ok=True)
    container.network.run_root.mkdir(parents=True, exist_ok=True)
    config = oci_config(container, namespace, held_capabilities())
    (container.bundle / "config.json").write_text(json.dumps(config, indent=1))
    with container.log.open("ab") as log:
        argv = [str(tool("runc")), "--root", str(container.network.run_root), "run", "--detach"]
        process = os.posix_spawn(
            argv[0],
            [*argv, "--bundle", str(container.bundle), container.name],
            dict(os.environ),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ],
            setsid=True,
        )
        _, status = os.waitpid(process, 0)
    if status != 0:
        words = container.log.read_text(errors="replace").strip().splitlines()[-3:]
        raise HostError(f"runc could not start {container.name}: {' '.join(words)} (log: {container.log})")


def delete(network: Network, name: str) -> None:
    """Ends the container's processes and forgets it, if it is there."""
    if (network.run_root / name).exists():
        _runc(network, "delete", "--force", name)
        if (network.run_root / name).exists():
            shutil.rmtree(network.run_root / name)


def stop(container: Container, seconds: float = 10) -> None:
    """Asks the first process to shut down in order, then ends what is left after `seconds`."""
    if running(container):
        _runc(container.network, "kill", container.name, str(int(signal.SIGRTMIN) + 3))
        deadline = time.monotonic() + seconds
        while running(container) and time.monotonic() < deadline:
            time.sleep(0.1)
    delete(container.network, container.name)


def execute(network: Network, name: str, *argv: str) -> str:
    """Runs a command inside the container and returns what it printed."""
    return _runc(network, "exec", name, *argv)


def answers(network: Network, name: str, *argv: str) -> bool:
    """Whether a command inside the container exits with zero."""
    return succeeds(tool("runc"), "--root", network.run_root, "exec", name, *argv)
