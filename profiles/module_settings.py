"""What a profile may say of each module: every setting, its type, its meaning and its only default."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from profiles.quantity import Duration, Quantity, seconds
from profiles.settings import Settings

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


class Flavor(Settings):
    """A kind of node that quota is given on."""

    node_labels: dict[str, str] = Field(
        default={}, description="Labels that a node of this flavor has; none means any node."
    )
    tolerations: list[dict[str, str]] = Field(
        default=[], description="Taints of these nodes that admitted pods tolerate."
    )


class Preemption(Settings):
    """Who may be stopped to make room, in Kueue's words."""

    within_team: Literal["Never", "LowerPriority", "LowerOrNewerEqualPriority"] = Field(
        default="LowerPriority", description="For a workload of the same team."
    )
    reclaim_lent: Literal["Never", "LowerPriority", "Any"] = Field(
        default="Any", description="To get back what another team borrowed."
    )
    while_borrowing: Literal["Never", "LowerPriority"] = Field(
        default="Never", description="In another team, for a workload that must itself borrow to run."
    )


class Queueing(Settings):
    """Admission by quota, by Kueue."""

    cohort: str = Field(
        default="platform", pattern="^[a-z0-9][a-z0-9-]*$", description="The group of teams that lend quota."
    )
    wait_for_pods_ready: Duration = Field(
        default="60s",
        description="A workload whose pods are not all ready this long after admission is evicted and requeued.",
    )
    recovery_timeout: Duration = Field(
        default="180s",
        description="A running workload that lost a pod and stays incomplete this long is evicted and requeued.",
    )
    requeue_backoff: Duration = Field(
        default="10s", description="The wait before the first requeuing; it doubles each time."
    )
    requeue_backoff_max: Duration = Field(default="300s", description="The longest wait before a requeuing.")
    requeue_limit: int | None = Field(
        default=None, ge=0, description="After so many requeuings a workload is deactivated; null means never."
    )
    flavors: dict[str, Flavor] = Field(
        default={"default": Flavor()},
        min_length=1,
        description="Kinds of nodes; the first carries the teams' own figures.",
    )
    priority_classes: dict[str, int] = Field(
        default={"low": -100, "normal": 0, "high": 100}, description="Name and value of each WorkloadPriorityClass."
    )
    preemption: Preemption = Field(default=Preemption(), description="Who may be stopped to make room.")


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


class Ray(Settings):
    """Ray clusters and jobs, by KubeRay; every Ray cluster of a team asks for a token."""


class ManagedObjectStore(Settings):
    """An S3 service that somebody else runs, with a bucket and a pair of keys for each consumer."""

    endpoint: str = Field(
        pattern="^https?://", description="Its address, such as https://s3.eu-central-1.amazonaws.com."
    )
    region: str = Field(default="us-east-1", description="Its region.")
    secret: str = Field(
        description="A Secret in the namespace object-store: NAME.access_key_id, NAME.secret_access_key per consumer."
    )
    bucket_prefix: str = Field(default="", description="What the names of the buckets begin with.")


class ObjectStore(Settings):
    """S3 on a volume, by versitygw: a bucket and keys of its own for each consumer."""

    size: Quantity = Field(default="10Gi", description="The volume.")
    managed: ManagedObjectStore | None = Field(default=None, description="A service to use instead; none is then run.")


class ManagedDatabase(Settings):
    """A PostgreSQL service that somebody else runs."""

    host: str = Field(description="Its name or address.")
    port: int = Field(default=5432, ge=1, le=65535, description="Its port.")
    ssl_mode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        default="require", description="As PostgreSQL's clients call it."
    )
    secret: str = Field(
        description="A Secret in the namespace database: user and password of a role that may make roles and databases."
    )


class Database(Settings):
    """PostgreSQL on a volume: a role and a database of its own for each consumer."""

    size: Quantity = Field(default="5Gi", description="The volume.")
    managed: ManagedDatabase | None = Field(default=None, description="A service to use instead; none is then run.")


class ManagedOnlineStore(Settings):
    """A Redis or Valkey service that somebody else runs."""

    host: str = Field(description="Its name or address.")
    port: int = Field(default=6379, ge=1, le=65535, description="Its port.")
    tls: bool = Field(default=True, description="Whether connections are encrypted.")
    secret: str = Field(description="A Secret in the namespace online-store: password.")


class OnlineStore(Settings):
    """Redis on a volume: the features that models read while they serve."""

    memory: Quantity = Field(default="64Mi", description="The most that it keeps; writes beyond it are refused.")
    size: Quantity = Field(default="1Gi", description="The volume.")
    managed: ManagedOnlineStore | None = Field(default=None, description="A service to use instead; none is then run.")


class Tracking(Settings):
    """Runs, models and artifacts, by MLflow: a workspace and an account of its own for each team."""

    workers: int = Field(default=1, ge=1, le=64, description="Processes that serve; each takes some 320 MiB.")


class JobSet(Settings):
    """Groups of Jobs that start, fail and start again together, by JobSet."""


class Training(Settings):
    """Distributed training, by Kubeflow Trainer, with runtimes for JAX and PyTorch."""

    restarts: int = Field(
        default=3,
        ge=0,
        description="How often a training that lost a worker starts again; what a lost or drained node ended is free.",
    )


class Features(Settings):
    """Feast: definitions in PostgreSQL, history in S3, the newest values in Redis, and a server that reads them."""

    replicas: int = Field(default=1, ge=1, le=20, description="Feature servers.")


class Serving(Settings):
    """Models over HTTP, by KServe."""

    certificates: Literal["own", "cert-manager"] = Field(
        default="own",
        description="Who makes the certificate of KServe's webhooks: the environment's own authority, or a "
        "cert-manager that is on the cluster already.",
    )


class Modules(Settings):
    """The platform's components: a module is on when its key is here."""

    storage: Storage | None = Field(default=None, description="A default StorageClass on the nodes' disks.")
    metrics: Metrics | None = Field(
        default=None, description="CPU and memory in use, for `kubectl top` and autoscalers."
    )
    accelerators: Accelerators | None = Field(default=None, description="GPUs, real or simulated.")
    queueing: Queueing | None = Field(default=None, description="Kueue: quota, borrowing, preemption, priorities.")
    ray: Ray | None = Field(default=None, description="KubeRay: Ray clusters and jobs.")
    object_store: ObjectStore | None = Field(default=None, description="S3: a bucket for each consumer and each team.")
    database: Database | None = Field(default=None, description="PostgreSQL: a database for each consumer.")
    online_store: OnlineStore | None = Field(default=None, description="Redis: features for models that serve.")
    tracking: Tracking | None = Field(default=None, description="MLflow: a workspace for each team.")
    jobset: JobSet | None = Field(default=None, description="JobSet: groups of Jobs that live and die together.")
    training: Training | None = Field(
        default=None, description="Kubeflow Trainer: distributed training with JAX and PyTorch."
    )
    features: Features | None = Field(default=None, description="Feast: features to train on and to serve from.")
    gateway: Gateway | None = Field(default=None, description="Envoy Gateway: hosts with TLS for what people use.")
    serving: Serving | None = Field(default=None, description="KServe: models over HTTP.")

    def on(self) -> Mapping[str, Settings]:
        """The settings of each module that is on, by the module's name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
