"""Ray clusters, jobs and services: KubeRay, and a policy that makes every Ray cluster of a team ask for a token."""

import copy

from modules.compute.ray_names import names_of_ray
from modules.contract.api import Object
from modules.contract.checks import Accepts, Established, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Queued
from modules.contract.team import WRITE, TeamPart, may
from modules.parts.leader_election import takes_lease
from modules.parts.team_policy import refusal
from profiles.schema import Profile

NAMESPACE = "kuberay-system"
DEFINITIONS = ("rayclusters", "rayjobs", "rayservices")
POLICY = "ray-asks-for-a-token"

_RESOURCES = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}

# What a Ray cluster is made of, wherever the kind keeps it.
_CLUSTER = (
    "object.kind == 'RayCluster' ? object.spec"
    " : (object.kind == 'RayJob' ? object.spec.rayClusterSpec : object.spec.rayClusterConfig)"
)
# A RayJob may instead name a cluster that runs already.
_MAKES_A_CLUSTER = "object.kind != 'RayJob' || has(object.spec.rayClusterSpec)"
_TEMPLATES = (
    "[variables.cluster.headGroupSpec.template]"
    " + variables.cluster.?workerGroupSpecs.orValue([]).map(group, group.template)"
)
_NO_OVERRIDE = (
    "variables.templates.all(template, (template.spec.containers + template.spec.?initContainers.orValue([]))"
    ".all(container, container.?env.orValue([])"
    ".all(variable, variable.name != 'RAY_AUTH_MODE' || variable.?value.orValue('') == 'token')))"
)


def patch(found: Object, profile: Profile) -> Object | None:
    """One object of KubeRay's kustomization as this platform wants it; None drops it."""
    made = copy.deepcopy(found)
    kind, metadata = made["kind"], made["metadata"]
    if kind == "Namespace" or (kind == "CustomResourceDefinition" and made["spec"]["names"]["plural"] == "raycronjobs"):
        # The installer makes the namespace. RayCronJob's controller is off unless a feature gate is set.
        return None
    if "namespace" in metadata:
        metadata["namespace"] = NAMESPACE
    for subject in made.get("subjects", []):
        if "namespace" in subject:
            subject["namespace"] = NAMESPACE
    if kind == "CustomResourceDefinition":
        # v1alpha1 is deprecated, nothing is stored in it, and its copies of the pod schema are half of 2 MB.
        made["spec"]["versions"] = [version for version in made["spec"]["versions"] if version["storage"]]
    if kind == "Deployment":
        [container] = made["spec"]["template"]["spec"]["containers"]
        container["image"] = lock().image("kuberay-operator")
        container["args"].append(f"--enable-leader-election={str(takes_lease(profile)).lower()}")
        container["resources"] = copy.deepcopy(_RESOURCES)
        container["readinessProbe"] |= {"initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 30}
    return made


def _policies(_: Profile) -> list[Object]:
    return [*names_of_ray(DEFINITIONS), *_asks_for_a_token()]


def _asks_for_a_token() -> list[Object]:
    return refusal(
        POLICY,
        "ray.io",
        DEFINITIONS,
        [
            {
                "expression": "variables.cluster.?authOptions.?mode.orValue('') == 'token'",
                "message": "Ray clusters here ask for a token: set authOptions: {mode: token} in its spec",
                "reason": "Invalid",
            },
            {
                "expression": _NO_OVERRIDE,
                "message": "Ray clusters here ask for a token: remove the environment variable RAY_AUTH_MODE",
                "reason": "Invalid",
            },
        ],
        matchConditions=[{"name": "makes-a-cluster", "expression": _MAKES_A_CLUSTER}],
        variables=[{"name": "cluster", "expression": _CLUSTER}, {"name": "templates", "expression": _TEMPLATES}],
    )


def _probe() -> Object:
    container = {"name": "ray-head", "image": lock().image("ray")}
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "cairn-probe", "namespace": NAMESPACE},
        "spec": {"headGroupSpec": {"rayStartParams": {}, "template": {"spec": {"containers": [container]}}}},
    }


MODULE = Module(
    name="ray",
    summary="Ray clusters, jobs and services",
    namespace=NAMESPACE,
    pod_security="restricted",
    manifest="kuberay",
    images=("kuberay-operator", "ray"),
    owns=tuple(f"{plural}.ray.io" for plural in DEFINITIONS),
    objects=_policies,
    patch=patch,
    team=lambda _team, _: TeamPart(
        rules=(
            may(WRITE, "ray.io", *DEFINITIONS),
            may(("get",), "ray.io", *(f"{kind}/status" for kind in DEFINITIONS)),
        ),
        callers=(NAMESPACE,),
    ),
    queued=tuple(Queued(f"ray.io/{kind}") for kind in ("rayjob", "raycluster", "rayservice")),
    devices=True,
    ready=lambda _: (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name="kuberay-operator"),
        *(Established(crd=f"{plural}.ray.io") for plural in DEFINITIONS),
        Accepts(resource="rayclusters", content=_probe()),
    ),
    foreign=(Established(crd="rayclusters.ray.io"),),
)
