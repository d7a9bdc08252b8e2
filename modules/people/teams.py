"""A place to work for each of the profile's teams: namespace, queue with quota, account, limits, isolation."""

from kubernetes.client import ApiClient

from modules.cluster.accelerators import RESOURCE
from modules.cluster.gateway import CONTROLLER_NAMESPACE as PROXY_NAMESPACE
from modules.cluster.gateway import authority_for
from modules.cluster.route_policy import KINDS as ROUTE_KINDS
from modules.compute.queueing import ACCOUNT, API_VERSION, QUOTA_RESOURCES, TEAM_LABEL, settings_of
from modules.compute.ray import NAMESPACE as RAY_NAMESPACE
from modules.contract.api import Object
from modules.contract.checks import Check, Condition
from modules.contract.module import Module
from modules.models.serving_runtimes import INFER
from modules.models.serving_runtimes import for_team as serving_for_team
from modules.parts.network_policy import enforced
from modules.parts.routes import API as ROUTES_API
from modules.parts.routes import ROUTES_LABEL
from modules.people.team_access import NAME as ACCESS
from modules.people.team_access import access_for
from modules.people.team_refusals import refusals
from modules.people.team_tokens import tokens_expire
from profiles.schema import Profile
from profiles.teams import Limits, Quota, Team

QUEUE = "default"
"""The LocalQueue of a team's namespace; by this name Kueue uses it for everything that names no queue."""

_READ = ["get", "list", "watch"]
_WRITE = [*_READ, "create", "update", "patch", "delete"]


def team_objects(name: str, team: Team, profile: Profile) -> list[Object]:
    """Everything that makes up one team, its namespace included. Pure; the smoke tests make throwaway teams of it."""
    return [
        _cluster_queue(name, team, profile),
        _namespace(name),
        _local_queue(name),
        *_account(name),
        *_limits(name, team),
        _isolation(name),
        *serving_for_team(name, ACCESS, profile),
    ]


def team_ready(name: str) -> tuple[Check, ...]:
    """How to tell that a team's queue admits work."""
    return (
        Condition(api_version=API_VERSION, resource="clusterqueues", name=name, type="Active"),
        Condition(api_version=API_VERSION, resource="localqueues", name=QUEUE, namespace=name, type="Active"),
    )


def _namespace(name: str) -> Object:
    labels = {TEAM_LABEL: name, ROUTES_LABEL: "team", "pod-security.kubernetes.io/enforce": "baseline"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _cluster_queue(name: str, team: Team, profile: Profile) -> Object:
    settings = settings_of(profile)
    first, *others = settings.flavors
    quotas = {first: team, **{flavor: team.other_flavors[flavor] for flavor in others if flavor in team.other_flavors}}
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterQueue",
        "metadata": {"name": name},
        "spec": {
            "cohortName": settings.cohort,
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
            "queueingStrategy": "BestEffortFIFO",
            "preemption": {
                "withinClusterQueue": settings.preemption.within_team,
                "reclaimWithinCohort": settings.preemption.reclaim_lent,
                "borrowWithinCohort": {"policy": settings.preemption.while_borrowing},
            },
            "resourceGroups": [
                {
                    "coveredResources": list(QUOTA_RESOURCES),
                    "flavors": [{"name": flavor, "resources": _quota(quota)} for flavor, quota in quotas.items()],
                }
            ],
        },
    }


def _quota(quota: Quota) -> list[Object]:
    resources = []
    for resource in QUOTA_RESOURCES:
        key = "gpu" if resource == RESOURCE else resource
        entry = {"name": resource, "nominalQuota": str(getattr(quota, key))}
        entry |= _limit("borrowingLimit", quota.borrowing, key) | _limit("lendingLimit", quota.lending, key)
        resources.append(entry)
    return resources


def _limit(field: str, limits: Limits, key: str) -> dict[str, str]:
    value = getattr(limits, key)
    return {} if value is None else {field: str(value)}


def _local_queue(name: str) -> Object:
    return {
        "apiVersion": API_VERSION,
        "kind": "LocalQueue",
        "metadata": {"name": QUEUE, "namespace": name},
        "spec": {"clusterQueue": name},
    }


def _account(name: str) -> list[Object]:
    metadata = {"name": ACCOUNT, "namespace": name}
    rbac = "rbac.authorization.k8s.io"
    rules: list[Object] = [
        {"apiGroups": ["batch"], "resources": ["jobs", "cronjobs"], "verbs": _WRITE},
        {"apiGroups": ["ray.io"], "resources": ["rayclusters", "rayjobs", "rayservices"], "verbs": _WRITE},
        {"apiGroups": ["jobset.x-k8s.io"], "resources": ["jobsets"], "verbs": _WRITE},
        {"apiGroups": ["trainer.kubeflow.org"], "resources": ["trainjobs", "trainingruntimes"], "verbs": _WRITE},
        {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": _WRITE},
        {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": _READ},
        # No update of pods: taking a pod's scheduling gate away would pass the queue by.
        {"apiGroups": [""], "resources": ["pods"], "verbs": [*_READ, "create", "delete"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods/exec", "pods/portforward"], "verbs": ["get", "create"]},
        {
            "apiGroups": [""],
            "resources": ["configmaps", "secrets", "services", "persistentvolumeclaims"],
            "verbs": _WRITE,
        },
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": _READ},
        {"apiGroups": [""], "resources": ["resourcequotas", "limitranges"], "verbs": _READ},
        {"apiGroups": ["resource.k8s.io"], "resources": ["resourceclaimtemplates"], "verbs": _WRITE},
        {"apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims"], "verbs": _READ},
        {"apiGroups": ["kueue.x-k8s.io"], "resources": ["localqueues", "workloads"], "verbs": _READ},
        {
            "apiGroups": ["visibility.kueue.x-k8s.io"],
            "resources": ["localqueues/pendingworkloads"],
            "verbs": ["get"],
        },
        {"apiGroups": ["serving.kserve.io"], "resources": ["inferenceservices", "servingruntimes"], "verbs": _WRITE},
        {"apiGroups": ["serving.kserve.io"], "resources": [INFER], "verbs": ["get", "create"]},
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": _READ},
        {"apiGroups": ["metrics.k8s.io"], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": [ROUTES_API], "resources": list(ROUTE_KINDS), "verbs": _WRITE},
    ]
    return [
        # The token is for people: pods that run as this account get none.
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": name}],
        },
    ]


def _limits(name: str, team: Team) -> list[Object]:
    # Not CPU, memory or GPUs: a ResourceQuota on them would refuse pods that should wait in the queue.
    hard = {
        "persistentvolumeclaims": str(team.volumes),
        "requests.storage": team.storage,
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
    system = {"scopeName": "PriorityClass", "operator": "In"}
    system_classes = ["system-node-critical", "system-cluster-critical"]
    return [
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "team", "namespace": name},
            "spec": {"hard": hard},
        },
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "no-system-priority", "namespace": name},
            "spec": {
                "hard": {"pods": "0"},
                "scopeSelector": {"matchExpressions": [{**system, "values": system_classes}]},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "team", "namespace": name},
            # A container that asks for nothing would count as nothing.
            "spec": {"limits": [{"type": "Container", "defaultRequest": {"cpu": "50m", "memory": "64Mi"}}]},
        },
    ]


def _isolation(name: str) -> Object:
    places = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [RAY_NAMESPACE, PROXY_NAMESPACE]}
    platform = {"namespaceSelector": {"matchExpressions": [places]}}
    # Link-local addresses are where clouds hand out the node's credentials.
    anywhere = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "isolation", "namespace": name},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": {}}, platform]}],
            "egress": [{"to": [anywhere]}],
        },
    }


def _objects(profile: Profile) -> list[Object]:
    teams = [made for name, team in profile.teams.items() for made in team_objects(name, team, profile)]
    access = (made for name in profile.teams for made in access_for(name, profile))
    trusted = (made for name in profile.teams for made in authority_for(name, profile))
    return [*tokens_expire(), *refusals(profile), *teams, *access, *trusted]


def _notes(client: ApiClient) -> tuple[str, ...]:
    return () if enforced(client) else ("network policies are written, but this cluster's network enforces none",)


MODULE = Module(
    name="teams",
    summary="a namespace, a queue with quota and an account for each team",
    requires=("queueing",),
    after=(
        *("storage", "accelerators", "ray", "jobset", "training"),
        *("object_store", "database", "tracking", "features", "serving"),
    ),
    objects=_objects,
    ready=lambda profile: tuple(check for name in profile.teams for check in team_ready(name)),
    notes=_notes,
)
