"""What a profile may say: where the platform runs, what it has to offer, and to whom."""

import ipaddress
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from profiles.modules import Modules
from profiles.quantity import Quantity, amount
from profiles.settings.base import Settings
from profiles.teams import Team, TeamName


def _network(value: str) -> str:
    return str(ipaddress.IPv4Network(value))


Network = Annotated[str, AfterValidator(_network), Field(json_schema_extra={"shown_as": "IPv4 range"})]

_NAME = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_PREFIX = "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?"


def _not_kubelets(key: str) -> str:
    if re.match(r"(beta\.)?kubernetes\.io/", key):
        raise ValueError(f"{key} is kubelet's own to set; choose another label")
    return key


NodeName = Annotated[str, Field(pattern="^(control-plane|worker-[1-9][0-9]*)$")]
LabelKey = Annotated[str, Field(pattern=f"^{_PREFIX}{_NAME}$"), AfterValidator(_not_kubelets)]
LabelValue = Annotated[str, Field(pattern=f"^({_NAME})?$")]
CONTROL_PLANE = 11
"""Which of the local nodes' addresses is the control plane's."""


class Cluster(Settings):
    """Where the platform runs."""

    provider: Literal["local", "existing"] = Field(
        default="local", description="`local` makes nodes on this machine; `existing` uses a kubeconfig."
    )
    address_range: Network = Field(
        default="10.89.0.0/24",
        description="The local nodes' bridge: .1 the machine, .2 the registry, .11 the control plane.",
    )
    pod_range: Network = Field(default="10.244.0.0/16", description="Addresses of pods.")
    service_range: Network = Field(default="10.96.0.0/16", description="Addresses of services.")
    workers: int = Field(
        default=1, ge=0, le=200, description="Worker nodes, besides one control plane that also runs pods."
    )
    node_labels: dict[NodeName, dict[LabelKey, LabelValue]] = Field(
        default={}, description="Labels of local nodes, by `control-plane`, `worker-1`, `worker-2` and so on."
    )
    egress: bool = Field(default=False, description="Whether local nodes may open connections beyond this machine.")
    eviction_seconds: int = Field(
        default=10, ge=0, description="How long a pod stays bound to a node that is not ready or unreachable."
    )

    @property
    def control_plane(self) -> str:
        """The local control plane's address."""
        return str(ipaddress.IPv4Network(self.address_range)[CONTROL_PLANE])

    @model_validator(mode="after")
    def _labelled_nodes_are_there(self) -> Self:
        nodes = ["control-plane", *(f"worker-{index}" for index in range(1, self.workers + 1))]
        for name in self.node_labels:
            if self.provider != "local":
                raise ValueError("node_labels are for nodes that Cairn makes: label an existing cluster's by kubectl")
            if name not in nodes:
                raise ValueError(f"node_labels.{name}: there is no such node; there is {', '.join(nodes)}")
        return self

    @model_validator(mode="after")
    def _ranges_are_apart(self) -> Self:
        ranges = {key: ipaddress.IPv4Network(getattr(self, key)) for key in type(self).model_fields if "range" in key}
        for key, network in ranges.items():
            for other, second in ranges.items():
                if key < other and network.overlaps(second):
                    raise ValueError(f"{key} {network} overlaps {other} {second}: choose ranges that are apart")
        addresses, pods, services = (ranges[key] for key in ("address_range", "pod_range", "service_range"))
        if addresses.prefixlen > 26 or addresses.num_addresses < 32 + self.workers:
            raise ValueError(f"address_range has no room for {self.workers} workers: choose a larger one, /26 at least")
        # Each node hands out one /24 of it.
        if pods.prefixlen > 24 or pods.num_addresses // 256 < self.workers + 1:
            raise ValueError(f"pod_range {pods} has no /24 for each of {self.workers + 1} nodes: choose a larger one")
        if services.prefixlen > 24:
            raise ValueError(f"service_range {services} is too small: choose a /24 or larger")
        return self


def _more_than_nothing(value: str) -> str:
    if amount(value) <= 0:
        raise ValueError(f"must be more than 0, not {value}")
    return value


Offer = Annotated[Quantity, AfterValidator(_more_than_nothing)]


class Budget(Settings):
    """What the local nodes offer to pods in all; a parent cgroup keeps them to it."""

    cpu: Offer = Field(default="2", description="Cores, the sum of the nodes' allocatable.")
    memory: Offer = Field(default="8Gi", description="Memory, the sum of the nodes' allocatable.")
    system_memory: Quantity = Field(
        default="512Mi", description="Memory of each node that its own programs have beside pods: kubelet, containerd."
    )
    processes_per_pod: int = Field(
        default=4096, ge=256, description="Processes and threads of one pod; more can't be started."
    )
    processes_per_node: int = Field(
        default=8192, ge=2048, description="Processes and threads of all pods of a node together."
    )

    @property
    def cpu_millis(self) -> int:
        """Thousandths of a core."""
        return int(amount(self.cpu) * 1000)

    @property
    def memory_bytes(self) -> int:
        """Bytes."""
        return int(amount(self.memory))

    @property
    def system_memory_bytes(self) -> int:
        """Bytes, of each node."""
        return int(amount(self.system_memory))

    @model_validator(mode="after")
    def _a_pod_fits_a_node(self) -> Self:
        if self.processes_per_pod > self.processes_per_node:
            raise ValueError(
                f"processes_per_pod {self.processes_per_pod} is more than processes_per_node "
                f"{self.processes_per_node}: lower the one or raise the other"
            )
        return self


class Profile(Settings):
    """What a platform team picks."""

    description: str = Field(default="", description="One line, shown by `cairn profile list`.")
    cluster: Cluster = Field(default=Cluster(), description="Where the platform runs.")
    budget: Budget = Field(default=Budget(), description="What the local nodes offer to pods in all.")
    modules: Modules = Field(default=Modules(), description="The platform's components.")
    teams: dict[TeamName, Team] = Field(default={}, description="Who uses the platform.")
