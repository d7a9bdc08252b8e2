"""What a profile may say of the modules in `modules/compute/`: what runs and queues work."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from profiles.names import LabelKey, LabelValue, ObjectName
from profiles.quantity import Duration
from profiles.settings.base import Settings

_TOLERATION = {
    "key": None,
    "operator": ("Exists", "Equal"),
    "value": None,
    "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute"),
}


def _toleration(value: dict[str, str]) -> dict[str, str]:
    """A toleration that Kueue takes for a flavor; its webhook would refuse the rest in the middle of an `up`."""
    for key, given in value.items():
        if key not in _TOLERATION:
            raise ValueError(f"{key}: unknown key; known here: {', '.join(_TOLERATION)}")
        allowed = _TOLERATION[key]
        if allowed and given not in allowed:
            raise ValueError(f"{key} must be {' or '.join(allowed)}, not {given!r}")
    if not value.get("key") and value.get("operator") != "Exists":
        raise ValueError("a toleration without key tolerates everything: say so with operator: Exists")
    if value.get("operator") == "Exists" and "value" in value:
        raise ValueError("operator Exists takes no value: remove it, or use operator: Equal")
    return value


Toleration = Annotated[dict[str, str], AfterValidator(_toleration)]


class Flavor(Settings):
    """A kind of node that quota is given on."""

    node_labels: dict[LabelKey, LabelValue] = Field(
        default={}, max_length=8, description="Labels that a node of this flavor has; none means any node."
    )
    tolerations: list[Toleration] = Field(
        default=[], max_length=8, description="Taints of these nodes that admitted pods tolerate."
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

    @model_validator(mode="after")
    def _reclaims_before_it_borrows(self) -> Self:
        if self.reclaim_lent == "Never" and self.while_borrowing != "Never":
            raise ValueError(f"while_borrowing {self.while_borrowing} needs a reclaim_lent other than Never")
        return self


class Queueing(Settings):
    """Admission by quota, by Kueue."""

    cohort: ObjectName = Field(default="platform", description="The group of teams that lend quota.")
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
    flavors: dict[ObjectName, Flavor] = Field(
        default={"default": Flavor()},
        min_length=1,
        max_length=64,
        description="Kinds of nodes, besides `default` unless that is null; the first carries the teams' own figures.",
    )
    priority_classes: dict[ObjectName, Annotated[int, Field(ge=-(2**31), lt=2**31)]] = Field(
        default={"low": -100, "normal": 0, "high": 100},
        description="Name and value of each WorkloadPriorityClass, besides these unless they are null.",
    )
    preemption: Preemption = Field(default=Preemption(), description="Who may be stopped to make room.")


class JobSet(Settings):
    """Groups of Jobs that start, fail and start again together, by JobSet."""


class Training(Settings):
    """Distributed training, by Kubeflow Trainer, with runtimes for JAX and PyTorch."""

    restarts: int = Field(
        default=3,
        ge=0,
        description="How often a training that lost a worker starts again; what a lost or drained node ended is free.",
    )


class Ray(Settings):
    """Ray clusters and jobs, by KubeRay; every Ray cluster of a team asks for a token."""


class ComputeModules(Settings):
    """The modules of `modules/compute/`: a module is on when its key is here."""

    queueing: Queueing | None = Field(default=None, description="Kueue: quota, borrowing, preemption, priorities.")
    jobset: JobSet | None = Field(default=None, description="JobSet: groups of Jobs that live and die together.")
    training: Training | None = Field(
        default=None, description="Kubeflow Trainer: distributed training with JAX and PyTorch."
    )
    ray: Ray | None = Field(default=None, description="KubeRay: Ray clusters and jobs.")
