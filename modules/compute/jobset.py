"""Groups of Jobs that start, fail and start again together: JobSet."""

from modules.contract.api import Object
from modules.contract.checks import Accepts, Established, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Queued, Values
from modules.contract.team import WRITE, TeamPart, may
from modules.parts.leader_election import takes_lease
from profiles.schema import Profile

NAMESPACE = "jobset-system"
DEFINITION = "jobsets.jobset.x-k8s.io"


def _values(profile: Profile) -> Values:
    repository, tag = lock().repository_and_tag("jobset")
    return {
        "image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
        "controller": {
            "leaderElection": {"enable": takes_lease(profile)},
            "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
        },
    }


def _probe() -> Object:
    pod = {"restartPolicy": "Never", "containers": [{"name": "probe", "image": lock().image("pause")}]}
    job = {"name": "probe", "template": {"spec": {"template": {"spec": pod}}}}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "cairn-probe", "namespace": NAMESPACE},
        "spec": {"replicatedJobs": [job]},
    }


MODULE = Module(
    name="jobset",
    summary="groups of Jobs that start, fail and start again together",
    namespace=NAMESPACE,
    pod_security="restricted",
    chart="jobset",
    images=("jobset",),
    owns=(DEFINITION,),
    values=_values,
    team=lambda _team, _: TeamPart(
        rules=(may(WRITE, "jobset.x-k8s.io", "jobsets"), may(("get",), "jobset.x-k8s.io", "jobsets/status"))
    ),
    queued=(Queued("jobset.x-k8s.io/jobset"),),
    ready=lambda _: (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name="jobset-controller"),
        Established(crd=DEFINITION),
        Accepts(resource="jobsets", content=_probe()),
    ),
    foreign=(Established(crd=DEFINITION),),
)
