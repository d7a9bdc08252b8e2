"""Admission by quota: Kueue, its flavors, the cohort and the priority classes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import yaml

from modules.compute import flavor_notes, flavors
from modules.contract.accelerator import RESOURCE, SIMULATED_CLASS
from modules.contract.api import Object
from modules.contract.checks import Accepts, Established, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Queued, Values
from modules.contract.team import READ, TEAM_LABEL, TeamPart, may
from modules.parts.leader_election import takes_lease
from profiles.quantity import seconds
from profiles.schema import Profile
from profiles.settings.compute import Queueing

NAMESPACE = "kueue-system"
API_VERSION = "kueue.x-k8s.io/v1beta2"
QUOTA_RESOURCES = ("cpu", "memory", RESOURCE)
"""What quota is counted in."""
DEFINITIONS = ("clusterqueues", "localqueues", "resourceflavors", "cohorts", "workloads", "workloadpriorityclasses")

QUEUED = tuple(Queued(framework) for framework in ("batch/job", "deployment", "statefulset", "pod"))
"""Kubernetes' own kinds that make pods in a team's namespace."""


def settings_of(profile: Profile) -> Queueing:
    """The module's settings; only for profiles in which it is on."""
    assert profile.modules.queueing is not None
    return profile.modules.queueing


def configuration(profile: Profile, queued: Iterable[Queued] = QUEUED) -> dict[str, Any]:
    """Kueue's own configuration file; `queued` are the kinds that wait in a queue."""
    settings = settings_of(profile)
    requeuing: dict[str, Any] = {
        "timestamp": "Eviction",
        "backoffBaseSeconds": seconds(settings.requeue_backoff),
        "backoffMaxSeconds": seconds(settings.requeue_backoff_max),
    }
    if settings.requeue_limit is not None:
        requeuing["backoffLimitCount"] = settings.requeue_limit
    return {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": ":8081"},
        "metrics": {"bindAddress": ":8443", "enableClusterQueueResources": True},
        "webhook": {"port": 9443},
        "leaderElection": {"leaderElect": takes_lease(profile), "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        "controller": {"groupKindConcurrency": {"Job.batch": 5, "Pod": 5, "Workload.kueue.x-k8s.io": 5}},
        "clientConnection": {"qps": 50, "burst": 100},
        # Everything that a team runs passes its queue, named or not; the rest of the cluster is left alone.
        "manageJobsWithoutQueueName": True,
        "managedJobsNamespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]},
        "waitForPodsReady": {
            "timeout": settings.wait_for_pods_ready,
            "recoveryTimeout": settings.recovery_timeout,
            "blockAdmission": False,
            "requeuingStrategy": requeuing,
        },
        "integrations": {"frameworks": [kind.framework for kind in queued]},
        "resources": {
            "excludeResourcePrefixes": ["ephemeral-storage"],
            # A pod may ask for a device by name or by claim: both count against the same quota.
            "deviceClassMappings": [{"name": RESOURCE, "deviceClassNames": [SIMULATED_CLASS]}],
        },
    }


def _values(profile: Profile, others: Sequence[Module]) -> Values:
    queued = [*QUEUED, *(kind for module in others for kind in module.queued)]
    looked_for = [kind.framework for kind in queued if kind.looked_for_once]
    file = yaml.safe_dump(configuration(profile, queued), sort_keys=False)
    repository, tag = lock().repository_and_tag("kueue")
    probe = {"initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 30}
    return {
        "controllerManager": {
            "manager": {
                "image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
                "resources": {"requests": {"cpu": "25m", "memory": "96Mi"}, "limits": {"memory": "512Mi"}},
                # It looks for these definitions when it starts, and starts anew when their modules come or go.
                "podAnnotations": {"cairn/looked-for": " ".join(looked_for) or "none"},
            },
            "readinessProbe": probe,
        },
        "managerConfig": {"controllerManagerConfigYaml": file},
    }


def _flavors(settings: Queueing) -> list[Object]:
    return [
        {
            "apiVersion": API_VERSION,
            "kind": "ResourceFlavor",
            "metadata": {"name": name},
            "spec": {"nodeLabels": flavor.node_labels, "tolerations": flavor.tolerations},
        }
        for name, flavor in settings.flavors.items()
    ]


def _objects(profile: Profile) -> list[Object]:
    settings = settings_of(profile)
    cohort = {"apiVersion": API_VERSION, "kind": "Cohort", "metadata": {"name": settings.cohort}, "spec": {}}
    priorities = [
        {
            "apiVersion": API_VERSION,
            "kind": "WorkloadPriorityClass",
            "metadata": {"name": name},
            "value": value,
            "description": "Chosen by the label kueue.x-k8s.io/priority-class.",
        }
        for name, value in settings.priority_classes.items()
    ]
    return [*_flavors(settings), cohort, *priorities]


_PROBE = {
    "apiVersion": API_VERSION,
    "kind": "ClusterQueue",
    "metadata": {"name": "cairn-probe"},
    "spec": {"namespaceSelector": {}},
}


def _fitted(_: Profile, others: Sequence[Module]) -> Module:
    looked_for = [module.name for module in others if any(kind.looked_for_once for kind in module.queued)]
    return replace(MODULE, values=lambda profile: _values(profile, others), after=tuple(looked_for))


def _for_team(_team: str, _: Profile) -> TeamPart:
    return TeamPart(
        rules=(
            may(READ, "kueue.x-k8s.io", "localqueues", "workloads"),
            # To pause and to go on; a policy of the teams' holds members to that field alone.
            may(("update", "patch"), "kueue.x-k8s.io", "workloads"),
            may(("get",), "kueue.x-k8s.io", "localqueues/status", "workloads/status"),
            may(("get",), "visibility.kueue.x-k8s.io", "localqueues/pendingworkloads"),
        )
    )


MODULE = Module(
    name="queueing",
    summary="quota, borrowing, preemption and priorities for everything that teams run",
    namespace=NAMESPACE,
    pod_security="restricted",
    chart="kueue",
    images=("kueue",),
    owns=tuple(f"{plural}.kueue.x-k8s.io" for plural in DEFINITIONS),
    values=lambda profile: _values(profile, ()),
    objects=_objects,
    team=_for_team,
    readable=(may(READ, "kueue.x-k8s.io", "resourceflavors", "workloadpriorityclasses"),),
    devices=True,
    fitted=_fitted,
    mistakes=flavors.mistakes,
    ready=lambda _: (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name="kueue-controller-manager"),
        *(Established(crd=f"{plural}.kueue.x-k8s.io") for plural in DEFINITIONS),
        # Kueue's webhook answers some seconds after its pod is ready.
        Accepts(resource="clusterqueues", content=_PROBE),
    ),
    foreign=(Established(crd="clusterqueues.kueue.x-k8s.io"),),
    notes=lambda client: flavor_notes.notes(client, API_VERSION),
)
