"""GPUs that pods ask for as `nvidia.com/gpu`: simulated by the DRA example driver, or real by NVIDIA's operator."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from kubernetes.client import ApiClient

from modules.contract.accelerator import RESOURCE, SIMULATED_CLASS
from modules.contract.checks import Allocatable, Check, Devices, Exists, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, RemoteChart, Values
from modules.contract.team import READ, WRITE, TeamPart, may
from profiles.coherence import quota_beyond
from profiles.complaint import Mistake
from profiles.schema import Profile

NAMESPACE = "accelerators"
DRIVER = SIMULATED_CLASS

_REAL_GPUS = Allocatable(resource=RESOURCE)


def _simulated_values(profile: Profile) -> Values:
    assert profile.modules.accelerators is not None
    repository, tag = lock().repository_and_tag("dra-example-driver")
    return {
        "image": {"repository": repository, "tag": tag},
        "deviceProfile": "gpu",
        "driverName": DRIVER,
        "deviceClass": {"extendedResourceName": RESOURCE},
        "kubeletPlugin": {
            "numDevices": profile.modules.accelerators.per_node,
            "podAnnotations": {"cairn/simulated": "SIMULATED devices: they compute nothing"},
            "containers": {
                "plugin": {
                    "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
                    "metricsPort": -1,
                }
            },
        },
    }


def _simulated_ready(profile: Profile) -> tuple[Check, ...]:
    assert profile.modules.accelerators is not None
    return (
        RolledOut(kind="DaemonSet", namespace=NAMESPACE, name="dra-example-driver-kubeletplugin"),
        Exists(api_version="resource.k8s.io/v1", resource="deviceclasses", name=DRIVER),
        Devices(driver=DRIVER, per_node=profile.modules.accelerators.per_node),
    )


def _nvidia_values(profile: Profile) -> Values:
    assert profile.modules.accelerators is not None
    return {
        "cdi": {"enabled": True},
        "dcgmExporter": {"enabled": False},
        "driver": {"enabled": profile.modules.accelerators.install_driver},
        # Containerd's configuration is read from its file, not asked of containerd's program on the node.
        "toolkit": {"env": [{"name": "RUNTIME_CONFIG_SOURCE", "value": "file"}]},
    }


def _mistakes(profile: Profile) -> Iterator[Mistake]:
    """What local nodes can't give: GPUs of this machine, or more simulated ones than there are."""
    settings = profile.modules.accelerators
    assert settings is not None
    if profile.cluster.provider != "local":
        return
    if settings.mode == "nvidia":
        yield Mistake(
            ("modules", "accelerators", "mode"),
            "nvidia needs nodes with GPUs, and local nodes are containers that get none of this machine's: choose "
            "`simulated`, or a cluster that has some (cluster.provider=existing)",
        )
    else:
        offered = Decimal(settings.per_node * (profile.cluster.workers + 1))
        yield from quota_beyond(profile, "gpu", offered, "lower teams.*.gpu")


def _simulated_notes(_: ApiClient) -> tuple[str, ...]:
    return ("SIMULATED devices: they compute nothing",)


def _fitted(profile: Profile, _: Sequence[Module]) -> Module:
    """The variant that the profile's mode asks for."""
    settings = profile.modules.accelerators
    return NVIDIA if settings is not None and settings.mode == "nvidia" else SIMULATED


def _for_team(_team: str, _: Profile) -> TeamPart:
    return TeamPart(
        rules=(
            may(WRITE, "resource.k8s.io", "resourceclaimtemplates"),
            may(READ, "resource.k8s.io", "resourceclaims"),
        )
    )


SIMULATED = Module(
    name="accelerators",
    summary="SIMULATED GPUs, asked for as nvidia.com/gpu",
    namespace=NAMESPACE,
    pod_security="privileged",  # the driver writes kubelet's plug-in directories
    chart="dra-example-driver",
    images=("dra-example-driver",),
    values=_simulated_values,
    ready=_simulated_ready,
    team=_for_team,
    devices=True,
    fitted=_fitted,
    mistakes=_mistakes,
    foreign=(Exists(api_version="resource.k8s.io/v1", resource="deviceclasses", name=DRIVER), _REAL_GPUS),
    notes=_simulated_notes,
)

NVIDIA = Module(
    name="accelerators",
    summary="NVIDIA GPUs, asked for as nvidia.com/gpu (not run by this project: docs/modules/cluster/accelerators.md)",
    namespace=NAMESPACE,
    pod_security="privileged",  # it installs drivers and the container toolkit on the nodes
    remote_chart=RemoteChart("gpu-operator", repository="https://helm.ngc.nvidia.com/nvidia", version="v26.3.3"),
    values=_nvidia_values,
    ready=lambda _: (RolledOut(kind="Deployment", namespace=NAMESPACE, name="gpu-operator"), _REAL_GPUS),
    mistakes=_mistakes,
    foreign=(_REAL_GPUS,),
    team=_for_team,
    devices=True,
    ready_seconds=1200,  # drivers are compiled or downloaded on each node
)

MODULE = SIMULATED
