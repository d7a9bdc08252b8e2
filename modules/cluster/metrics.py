"""CPU and memory in use, for `kubectl top` and autoscalers: metrics-server."""

from modules.contract.checks import Condition, Exists, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Values
from modules.contract.team import TeamPart, may
from profiles.schema import Profile
from profiles.settings.cluster import KUBELET_SECONDS

NAMESPACE = "metrics-server"
_REGISTRATION = "apiregistration.k8s.io/v1"
_API = "v1beta1.metrics.k8s.io"


def _values(profile: Profile) -> Values:
    assert profile.modules.metrics is not None
    repository, tag = lock().repository_and_tag("metrics-server")
    # kubeadm's kubelets sign their serving certificates themselves, so there is nothing to verify them against.
    local = ["--kubelet-insecure-tls"] if profile.cluster.provider == "local" else []
    return {
        "image": {"repository": repository, "tag": tag},
        "args": [
            f"--metric-resolution={profile.modules.metrics.resolution}",
            # It refuses to start unless this is shorter than the resolution (its own default is 10 s).
            f"--kubelet-request-timeout={KUBELET_SECONDS}s",
            *local,
        ],
        "resources": {"requests": {"cpu": "15m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 30},
    }


MODULE = Module(
    name="metrics",
    summary="CPU and memory in use, for kubectl top and autoscalers",
    namespace=NAMESPACE,
    pod_security="restricted",
    chart="metrics-server",
    images=("metrics-server",),
    values=_values,
    team=lambda _team, _: TeamPart(rules=(may(("get", "list"), "metrics.k8s.io", "pods"),)),
    ready=lambda _: (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name="metrics-server"),
        Condition(api_version=_REGISTRATION, resource="apiservices", name=_API, type="Available"),
    ),
    foreign=(Exists(api_version=_REGISTRATION, resource="apiservices", name=_API),),
)
