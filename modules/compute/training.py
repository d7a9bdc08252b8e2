"""Distributed training: Kubeflow Trainer, and the runtimes for JAX and PyTorch that TrainJobs name."""

from modules.compute.training_names import names_of_trainings
from modules.contract.api import Object
from modules.contract.checks import Accepts, Established, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Queued, Values
from modules.contract.team import ACCESS, WRITE, TeamPart, may
from modules.parts.leader_election import takes_lease
from profiles.schema import Profile
from profiles.settings.compute import Training

NAMESPACE = "trainer-system"
API_VERSION = "trainer.kubeflow.org/v1alpha1"
DEFINITIONS = ("trainjobs", "trainingruntimes", "clustertrainingruntimes")
RUNTIMES = {"jax": "jax-distributed", "torch": "torch-distributed"}
"""The runtime of each framework, by the name that Kubeflow's own has; its image is the catalog's of the framework."""
READER = "training-runtimes"
USER = 1000


def settings_of(profile: Profile) -> Training:
    """The module's settings; only for profiles in which it is on."""
    assert profile.modules.training is not None
    return profile.modules.training


def _values(profile: Profile) -> Values:
    repository, tag = lock().repository_and_tag("trainer-controller-manager")
    registry, _slash, path = repository.partition("/")
    return {
        "jobset": {"install": False},
        "image": {"registry": registry, "repository": path, "tag": tag, "pullPolicy": "IfNotPresent"},
        "manager": {
            "config": {"leaderElection": {"leaderElect": takes_lease(profile)}},
            "resources": {"requests": {"cpu": "5m", "memory": "48Mi"}, "limits": {"memory": "256Mi"}},
        },
    }


def runtime(framework: str, profile: Profile) -> Object:
    """What a TrainJob of the framework runs as: a gang of pods, all started again when one is lost."""
    job = {
        "completionMode": "Indexed",
        "backoffLimit": 0,
        # A pod that its node lost or gave up is nobody's mistake, and isn't counted as a restart below.
        "podFailurePolicy": {"rules": [{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget"}]}]},
        "template": {"spec": _pod(framework)},
    }
    replicated = {
        "name": "node",
        "template": {
            "metadata": {"labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}},
            "spec": job,
        },
    }
    not_counted = {
        "name": "disrupted",
        "action": "RestartJobSetAndIgnoreMaxRestarts",
        "onJobFailureReasons": ["PodFailurePolicy"],
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterTrainingRuntime",
        "metadata": {"name": RUNTIMES[framework], "labels": {"trainer.kubeflow.org/framework": framework}},
        "spec": {
            "mlPolicy": {"numNodes": 1, framework: {}},
            "template": {
                "spec": {
                    "failurePolicy": {"maxRestarts": settings_of(profile).restarts, "rules": [not_counted]},
                    "replicatedJobs": [replicated],
                }
            },
        },
    }


def _pod(framework: str) -> Object:
    container = {
        "name": "node",
        "image": lock().image(framework),
        # Where everybody may write, whatever the image says.
        "workingDir": "/tmp",
        "env": [
            {"name": "HOME", "value": "/tmp"},
            _field("NODE_NAME", "spec.nodeName"),
            # The same for all pods of a TrainJob, however often they start again: what checkpoints are kept under.
            _field("RUN", "metadata.labels['jobset.sigs.k8s.io/jobset-uid']"),
        ],
        # How to reach storage and tracking.
        "envFrom": [{"secretRef": {"name": ACCESS, "optional": True}}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"jobset.sigs.k8s.io/replicatedjob-name": "node"}},
        "matchLabelKeys": ["jobset.sigs.k8s.io/jobset-name"],
    }
    return {
        # A process that ended can't join its gang again: all of them start anew.
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 5,
        "topologySpreadConstraints": [spread],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }


def _field(name: str, path: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _reader() -> list[Object]:
    """Lets everybody who has an account see the runtimes, which hold nothing secret."""
    rbac = "rbac.authorization.k8s.io"
    readable = {"apiGroups": ["trainer.kubeflow.org"], "resources": ["clustertrainingruntimes"]}
    return [
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": READER},
            "rules": [readable | {"verbs": ["get", "list", "watch"]}],
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": READER},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": READER},
            "subjects": [{"apiGroup": rbac, "kind": "Group", "name": "system:authenticated"}],
        },
    ]


def _objects(profile: Profile) -> list[Object]:
    return [*_reader(), *names_of_trainings(), *(runtime(framework, profile) for framework in RUNTIMES)]


def _probe(profile: Profile) -> Object:
    return runtime("jax", profile) | {"metadata": {"name": "cairn-probe"}}


MODULE = Module(
    name="training",
    summary="distributed training with JAX and PyTorch",
    namespace=NAMESPACE,
    pod_security="restricted",
    chart="kubeflow-trainer",
    images=("trainer-controller-manager", *RUNTIMES),
    requires=("jobset",),
    owns=tuple(f"{plural}.trainer.kubeflow.org" for plural in DEFINITIONS),
    values=_values,
    objects=_objects,
    team=lambda _team, _: TeamPart(
        rules=(
            may(WRITE, "trainer.kubeflow.org", "trainjobs", "trainingruntimes"),
            may(("get",), "trainer.kubeflow.org", "trainjobs/status"),
        )
    ),
    queued=(Queued("trainer.kubeflow.org/trainjob", looked_for_once=True),),
    devices=True,
    ready=lambda profile: (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name="kubeflow-trainer-controller-manager"),
        *(Established(crd=f"{plural}.trainer.kubeflow.org") for plural in DEFINITIONS),
        Accepts(resource="clustertrainingruntimes", content=_probe(profile)),
    ),
    foreign=(Established(crd="trainjobs.trainer.kubeflow.org"),),
)
