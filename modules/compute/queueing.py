"""Admission by quota: Kueue, its flavors, the cohort and the priority classes."""

from typing import Any

import yaml

from modules.cluster.accelerators import DRIVER, RESOURCE
from modules.compute import flavor_notes
from modules.contract.api import Object
from modules.contract.checks import Accepts, Established, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Values
from modules.parts.leader_election import takes_lease
from profiles.quantity import seconds
from profiles.schema import Profile
from profiles.settings.compute import Queueing

NAMESPACE = "kueue-system"
API_VERSION = "kueue.x-k8s.io/v1beta2"
TEAM_LABEL = "cairn/team"
"""The label of a team's namespace; its value is the team's name. Kueue manages what such namespaces run."""
ACCOUNT = "member"
"""The service account in a team's namespace whose token people get."""
QUOTA_RESOURCES = ("cpu", "memory", RESOURCE)
"""What quota is counted in."""
DEFINITIONS = ("clusterqueues", "localqueues", "resourceflavors", "cohorts", "workloads", "workloadpriorityclasses")

# What makes pods in a team's namespace. Kinds that are not installed wait until they are.
FRAMEWORKS = (
    "batch/job",
    "jobset.x-k8s.io/jobset",
    "trainer.kubeflow.org/trainjob",
    "ray.io/rayjob",
    "ray.io/raycluster",
    "ray.io/rayservice",
    "deployment",
    "statefulset",
    "pod",
)


def settings_of(profile: Profile) -> Queueing:
    """The module's settings; only for profiles in which it is on."""
    assert profile.modules.queueing is not None
    return profile.modules.queueing


def configuration(profile: Profile) -> dict[str, Any]:
    """Kueue's own configuration file."""
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
        "integrations": {"frameworks": list(FRAMEWORKS)},
        "resources": {
            "excludeResourcePrefixes": ["ephemeral-storage"],
            # A pod may ask for a device by name or by claim: both count against the same quota.
            "deviceClassMappings": [{"name": RESOURCE, "deviceClassNames": [DRIVER]}],
        },
    }


def _values(profile: Profile) -> Values:
    repository, tag = lock().repository_and_tag("kueue")
    probe = {"initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 30}
    return {
        "controllerManager": {
            "manager": {
                "image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
                "resources": {"requests": {"cpu": "25m", "memory": "96Mi"}, "limits": {"memory": "512Mi"}},
                # Kueue looks for Trainer's definitions when it starts, and starts anew when the module comes or goes.
                "podAnnotations": {"cairn/training": "on" if profile.modules.training else "off"},
            },
            "readinessProbe": probe,
        },
        "managerConfig": {"controllerManagerConfigYaml": yaml.safe_dump(configuration(profile), sort_keys=False)},
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

MODULE = Module(
    name="queueing",
    summary="quota, borrowing, preemption and priorities for everything that teams run",
    namespace=NAMESPACE,
    pod_security="restricted",
    chart="kueue",
    images=("kueue",),
    after=("training",),
    owns=tuple(f"{plural}.kueue.x-k8s.io" for plural in DEFINITIONS),
    values=_values,
    objects=_objects,
    ready=lambda _: (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name="kueue-controller-manager"),
        *(Established(crd=f"{plural}.kueue.x-k8s.io") for plural in DEFINITIONS),
        # Kueue's webhook answers some seconds after its pod is ready.
        Accepts(resource="clusterqueues", content=_PROBE),
    ),
    foreign=(Established(crd="clusterqueues.kueue.x-k8s.io"),),
    notes=lambda client: flavor_notes.notes(client, API_VERSION),
)
