"""Names and addresses of one environment's local cluster: all derived, nothing looked up."""

import hashlib
from dataclasses import asdict, dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from catalog.directories import environment_root
from profiles.schema import CONTROL_PLANE

REGISTRY_PORT = 5000


@dataclass(frozen=True)
class Network:
    """One environment's bridge and the addresses on it.

    `address_range` is the bridge's own: .1 the machine, .2 the registry, .11 the control plane, .21 and up the
    workers. `service_range` is routed to the bridge so that kube-proxy gets to see it. `egress` lets nodes out
    through the machine by one masquerade rule.
    """

    environment: str
    address_range: str = "10.89.0.0/24"
    service_range: str = "10.96.0.0/16"
    egress: bool = False

    @property
    def root(self) -> Path:
        """Where the environment keeps its files on this machine."""
        return environment_root(self.environment)

    @property
    def handle(self) -> str:
        """Six hex digits that tell this environment's links from another's, of another state directory too."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:6]

    @property
    def bridge(self) -> str:
        """The bridge's name; 12 characters, of the 15 that Linux allows."""
        return f"cairn-{self.handle}"

    @property
    def run_root(self) -> Path:
        """What doesn't outlive a reboot: runc's state of this environment's containers."""
        return Path("/run/cairn") / self.handle

    @property
    def cgroup(self) -> str:
        """The parent cgroup of everything that the environment runs, from the hierarchy's root."""
        return f"cairn/{self.handle}"

    def address(self, host: int) -> str:
        """The range's address number `host`."""
        return str(IPv4Network(self.address_range)[host])

    @property
    def prefix_length(self) -> int:
        """The range's prefix length in bits."""
        return IPv4Network(self.address_range).prefixlen

    @property
    def machine(self) -> str:
        """This machine's own address on the bridge."""
        return self.address(1)

    @property
    def registry(self) -> str:
        """The registry's address."""
        return self.address(2)

    @property
    def control_plane(self) -> str:
        """The control plane's address."""
        return self.address(CONTROL_PLANE)

    def worker(self, index: int) -> str:
        """The address of worker number `index`, counted from 1."""
        return self.address(20 + index)

    def netns(self, name: str) -> str:
        """The name of a container's network namespace."""
        return f"cairn-{self.handle}-{name}"

    def as_record(self) -> dict[str, Any]:
        """The fields as JSON values; `Network(**record)` gives the plan back."""
        return asdict(self)


def pod_subnet(pod_range: str, index: int) -> str:
    """The /24 of the pod range that node number `index` hands out (0 is the control plane).

    Cairn deals subnets out itself, so that routes between nodes are known before any node is.
    """
    return str(list(IPv4Network(pod_range).subnets(new_prefix=24))[index])


def worker_name(environment: str, index: int) -> str:
    """The name of worker number `index`, counted from 1."""
    return f"{environment}-worker-{index}"
