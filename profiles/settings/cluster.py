"""What a profile may say of the modules in `modules/cluster/`: what the cluster itself needs."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from profiles.quantity import Duration, seconds
from profiles.settings.base import Settings

KUBELET_SECONDS = 5
"""How long metrics-server waits for a node's answer."""


class Storage(Settings):
    """Volumes on the nodes' disks, by local-path-provisioner."""

    path: str = Field(
        default="/opt/local-path-provisioner",
        pattern="^/[^/]",
        description="Where each node keeps its volumes' contents.",
    )


class Metrics(Settings):
    """CPU and memory in use, by metrics-server."""

    resolution: Duration = Field(
        default="15s", description=f"How often nodes are asked; more than the {KUBELET_SECONDS} s that one may take."
    )

    @model_validator(mode="after")
    def _leaves_time_to_answer(self) -> "Metrics":
        if seconds(self.resolution) <= KUBELET_SECONDS:
            raise ValueError(f"resolution must be longer than {KUBELET_SECONDS}s, which a node may take to answer")
        return self


class Accelerators(Settings):
    """Devices that pods ask for as `nvidia.com/gpu`."""

    mode: Literal["simulated", "nvidia"] = Field(
        default="simulated", description="`simulated` devices compute nothing; `nvidia` installs NVIDIA's GPU operator."
    )
    per_node: int = Field(default=2, ge=1, le=64, description="Simulated devices on each node.")
    install_driver: bool = Field(
        default=True, description="With `nvidia`: whether the operator installs the driver; off where nodes have it."
    )


def _address(value: str) -> str:
    return str(ipaddress.IPv4Address(value))


Address = Annotated[str, AfterValidator(_address), Field(json_schema_extra={"shown_as": "address"})]


class EtcHosts(Settings):
    """Lines in this machine's /etc/hosts, each marked as the environment's; `cairn down` removes them."""

    also: list[str] = Field(
        default=[], description="Hosts besides the platform's own, such as `iris--team-a`; the domain is added."
    )


class Gateway(Settings):
    """One entry point with TLS, by Envoy Gateway."""

    domain: str = Field(
        default="cairn.test",
        pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$",
        description="The platform's hosts are NAME.DOMAIN, a team's NAME--TEAM.DOMAIN.",
    )
    addresses: list[Address] = Field(
        default=[],
        description="Where it answers. None means the control plane's address on local nodes, and elsewhere the one "
        "that the cluster's load balancer gives.",
    )
    issuer: str = Field(
        default="",
        description="cert-manager's ClusterIssuer for the certificate of *.DOMAIN, such as an ACME one with DNS "
        "challenges; none means the environment's own authority.",
    )
    replicas: int = Field(default=1, ge=1, le=20, description="Proxies that carry the traffic.")
    etc_hosts: EtcHosts | None = Field(
        default=None, description="Whether this machine's /etc/hosts names the hosts; off unless it is here."
    )


class ClusterModules(Settings):
    """The modules of `modules/cluster/`: a module is on when its key is here."""

    storage: Storage | None = Field(default=None, description="A default StorageClass on the nodes' disks.")
    metrics: Metrics | None = Field(
        default=None, description="CPU and memory in use, for `kubectl top` and autoscalers."
    )
    accelerators: Accelerators | None = Field(default=None, description="GPUs, real or simulated.")
    gateway: Gateway | None = Field(default=None, description="Envoy Gateway: hosts with TLS for what people use.")
