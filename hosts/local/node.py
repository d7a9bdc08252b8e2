"""A local node: a Debian system container with systemd and sshd, reached exactly as a rented server would be."""

import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.build import rootfs as cached_rootfs
from hosts.errors import HostError
from hosts.local import bridge, container
from hosts.local.command import run
from hosts.local.container import Container, Mount
from hosts.local.plan import Network

SYSTEMD_MOUNTS = (
    Mount("/sys", "sysfs", options=("nosuid", "noexec", "nodev")),
    Mount("/sys/fs/cgroup", "cgroup", options=("nosuid", "noexec", "nodev", "rw")),
    Mount("/run", "tmpfs", options=("nosuid", "nodev", "mode=755")),
    Mount("/run/lock", "tmpfs", options=("nosuid", "noexec", "nodev", "size=5m")),
    Mount("/dev/mqueue", "mqueue", options=("nosuid", "noexec", "nodev")),
    Mount("/dev/kmsg", "bind", "/dev/kmsg"),
)

HOST_KEY = "etc/ssh/ssh_host_ed25519_key"


@dataclass(frozen=True)
class Node:
    """One node of an environment. `authorized_key` may log in as root; `host_key` is its own ed25519 private key."""

    network: Network
    name: str
    address: str
    authorized_key: str
    host_key: str
    host_public_key: str

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Node":
        """The node that `record` (a Pulumi resource's properties) describes."""
        fields = ("name", "address", "authorized_key", "host_key", "host_public_key")
        return cls(Network(**record["network"]), **{key: record[key] for key in fields})

    @property
    def directory(self) -> Path:
        """Everything that the node keeps; its volumes too."""
        return self.network.root / "nodes" / self.name

    @property
    def container(self) -> Container:
        """The container that the node is."""
        modules = Path("/lib/modules")
        extra = (Mount("/lib/modules", "bind", str(modules), ("ro",)),) if modules.is_dir() else ()
        return Container(
            network=self.network,
            name=self.name,
            address=self.address,
            rootfs=self.directory / "rootfs",
            args=("/sbin/init",),
            mounts=(*SYSTEMD_MOUNTS, *extra),
            env={"container": "docker", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
            namespaces=("pid", "ipc", "uts", "mount", "cgroup"),
        )


ANSWER_SECONDS = 10
"""How long a node that runs may take to greet: sshd starts a process for each caller, and the machine may be busy."""


def running(node: Node) -> bool:
    """Whether the node runs and takes SSH connections."""
    return container.running(node.container) and _greets(node.address, ANSWER_SECONDS)


def up(node: Node, seconds: float = 60) -> None:
    """Makes the node unless it is made, starts it unless it runs, and waits until sshd answers.

    Raises HostError when sshd doesn't answer in time.
    """
    _populate(node)
    namespace = bridge.attach(node.network, node.name, node.address)
    container.start(node.container, namespace)
    deadline = time.monotonic() + seconds
    while not _greets(node.address):
        if time.monotonic() > deadline:
            raise HostError(f"{node.name} started, but sshd at {node.address} is silent (log: {node.container.log})")
        time.sleep(0.1)


def stop(network: Network, name: str) -> None:
    """Pulls the node's plug: every process ends at once, its disk stays."""
    container.delete(network, name)
    bridge.detach(network, name)


def remove(node: Node) -> None:
    """Ends the node and deletes its disk, volumes included."""
    stop(node.network, node.name)
    shutil.rmtree(node.container.bundle, ignore_errors=True)
    if node.directory.exists():
        shutil.rmtree(node.directory)


def _populate(node: Node) -> None:
    """Copies the root filesystem and gives the node its names and keys; an interrupted copy starts over."""
    final = node.container.rootfs
    if final.is_dir():
        if (final / HOST_KEY).read_text() != node.host_key:
            raise HostError(
                f"{final} is a node whose state Pulumi lost: its keys are gone. "
                f"Take it away first: `cairn down --name {node.network.environment}`"
            )
        return
    draft = final.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.parent.mkdir(parents=True, exist_ok=True)
    run("cp", "-a", "--reflink=auto", cached_rootfs("node"), draft)
    _write(draft / "etc/hostname", f"{node.name}\n")
    _write(draft / "etc/hosts", f"127.0.0.1 localhost\n{node.address} {node.name}\n")
    _write(draft / "etc/resolv.conf", _resolv_conf(node.network))
    # An empty file makes systemd give the node an identity of its own at its first start.
    _write(draft / "etc/machine-id", "")
    _write(draft / "root/.ssh/authorized_keys", f"{node.authorized_key}\n", 0o600)
    for stale in (draft / "etc/ssh").glob("ssh_host_*"):
        stale.unlink()
    _write(draft / HOST_KEY, node.host_key, 0o600)
    _write(draft / f"{HOST_KEY}.pub", f"{node.host_public_key}\n")
    _mask(draft, "systemd-sysctl.service", "systemd-modules-load.service", "systemd-udevd.service", "getty.target")
    draft.rename(final)


def _mask(rootfs: Path, *units: str) -> None:
    """Keeps units off that would change settings of the whole machine."""
    for unit in units:
        link = rootfs / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")


def _resolv_conf(network: Network) -> str:
    """The machine's name servers with egress; else its bridge address, where a lookup is refused at once.

    (An empty file makes CoreDNS forward to itself; an address that swallows packets makes every lookup hang.)
    """
    if network.egress:
        return reachable_resolvers()
    return f"nameserver {network.machine}\noptions timeout:1 attempts:1\n"


def reachable_resolvers(
    candidates: Sequence[Path] = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf")),
) -> str:
    """The machine's resolver settings without servers on loopback, which a node would look for in itself."""
    text = next(path.read_text() for path in candidates if path.exists())
    lines = [line for line in text.splitlines() if not line.startswith(("nameserver 127.", "nameserver ::1"))]
    return "".join(f"{line}\n" for line in lines)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if path.parent.name == ".ssh" else 0o755)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _greets(address: str, seconds: float = 1) -> bool:
    """Whether an SSH server says its name at the address, within so many seconds for each of its two steps."""
    try:
        with socket.create_connection((address, 22), timeout=seconds) as connection:
            connection.settimeout(seconds)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
