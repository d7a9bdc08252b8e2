"""What a host shall become: plain data that deploys read."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Host:
    """A Debian or Ubuntu machine reached over SSH; `host_public_key` is what it must prove to be."""

    name: str
    address: str
    private_key: str
    host_public_key: str
    user: str = "root"
    port: int = 22

    @property
    def known_hosts(self) -> str:
        """The host's line in a known_hosts file."""
        where = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        return f"{where} {self.host_public_key}\n"


@dataclass(frozen=True)
class NodeConfig:
    """One Kubernetes node, before it joins anything.

    `binaries` and `cni_plugins` are paths on this machine. `peers` maps the pod subnet of each other node to its
    address. `registries` maps a registry's name to the URL (with /v2 and path) that serves it instead.
    `reserved_*` is kept from the node's capacity; the rest is allocatable. `processes_*` bound what pods may start,
    threads counted as processes; 0 is no bound.
    """

    name: str
    address: str
    pod_subnet: str
    pod_range: str
    binaries: dict[str, str]
    cni_plugins: dict[str, str]
    sandbox_image: str
    peers: dict[str, str] = field(default_factory=dict)
    registries: dict[str, str] = field(default_factory=dict)
    reserved_cpu_millis: int = 0
    reserved_memory_bytes: int = 0
    processes_per_pod: int = 0
    processes_of_pods: int = 0

    def as_record(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class ControlPlaneConfig:
    """The cluster's own settings, given to `kubeadm init` once.

    `eviction_seconds` is how long pods stay bound to a node that is not ready or unreachable.
    """

    kubernetes_version: str
    etcd_image: str
    coredns_image: str
    pod_range: str
    service_range: str
    eviction_seconds: int = 300


@dataclass(frozen=True)
class Join:
    """How a worker finds its control plane: address, bootstrap token and the hash of the cluster's CA key."""

    server: str
    token: str
    ca_hash: str
