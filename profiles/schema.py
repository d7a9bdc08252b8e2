"""What a profile may say: where the platform runs, what it has to offer, and to whom."""

import ipaddress
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from profiles.module_settings import Modules
from profiles.quantity import Quantity, amount
from profiles.settings import Settings
from profiles.teams import Team, TeamName, is_reserved


def _network(value: str) -> str:
    return str(ipaddress.IPv4Network(value))


Network = Annotated[str, AfterValidator(_network), Field(json_schema_extra={"shown_as": "IPv4 range"})]
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
    egress: bool = Field(default=False, description="Whether local nodes may open connections beyond this machine.")
    eviction_seconds: int = Field(
        default=10, ge=0, description="How long a pod stays bound to a node that is not ready or unreachable."
    )

    @property
    def control_plane(self) -> str:
        """The local control plane's address."""
        return str(ipaddress.IPv4Network(self.address_range)[CONTROL_PLANE])

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

    @property
    def cpu_millis(self) -> int:
        """Thousandths of a core."""
        return int(amount(self.cpu) * 1000)

    @property
    def memory_bytes(self) -> int:
        """Bytes."""
        return int(amount(self.memory))


class Profile(Settings):
    """What a platform team picks."""

    description: str = Field(default="", description="One line, shown by `cairn profile list`.")
    cluster: Cluster = Field(default=Cluster(), description="Where the platform runs.")
    budget: Budget = Field(default=Budget(), description="What the local nodes offer to pods in all.")
    modules: Modules = Field(default=Modules(), description="The platform's components.")
    teams: dict[TeamName, Team] = Field(default={}, description="Who uses the platform.")

    @model_validator(mode="after")
    def _teams_fit(self) -> Self:
        for name, team in self.teams.items():
            if is_reserved(name):
                raise ValueError(f"teams.{name}: the namespace {name} is not free for a team; choose another name")
            known = self.modules.queueing.flavors if self.modules.queueing else {}
            for flavor in team.other_flavors:
                if flavor not in known:
                    raise ValueError(f"teams.{name}.other_flavors.{flavor}: modules.queueing.flavors has no {flavor}")
        if self.teams and self.modules.queueing is None:
            raise ValueError("teams need a queue: add `queueing: {}` to modules, or remove the teams")
        if self.cluster.provider == "local":
            self._quotas_fit_the_nodes()
            if self.modules.accelerators and self.modules.accelerators.mode == "nvidia":
                raise ValueError(
                    "modules.accelerators.mode nvidia needs nodes with GPUs, and local nodes are containers that get "
                    "none of this machine's: choose `simulated`, or a cluster that has some (cluster.provider=existing)"
                )
        gateway = self.modules.gateway
        if gateway and gateway.etc_hosts and not gateway.addresses and self.cluster.provider != "local":
            raise ValueError("modules.gateway.etc_hosts needs an address: set modules.gateway.addresses too")
        return self

    def _quotas_fit_the_nodes(self) -> None:
        offered = {"cpu": amount(self.budget.cpu), "memory": amount(self.budget.memory)}
        if self.modules.accelerators and self.modules.accelerators.mode == "simulated":
            offered["gpu"] = Decimal(self.modules.accelerators.per_node * (self.cluster.workers + 1))
        for resource, most in offered.items():
            asked = sum((amount(str(getattr(team, resource))) for team in self.teams.values()), Decimal(0))
            if asked > most:
                raise ValueError(
                    f"the teams' own {resource} add up to {asked:f}, and the nodes offer {most:f}: "
                    f"lower teams.*.{resource}" + ("" if resource == "gpu" else f" or raise budget.{resource}")
                )
