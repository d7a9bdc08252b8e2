"""A place to work for each of the profile's teams: namespace, queue with quota, account, limits, isolation."""

from collections.abc import Sequence
from dataclasses import replace

from kubernetes.client import ApiClient

from modules.compute.queueing import API_VERSION, QUOTA_RESOURCES, settings_of
from modules.contract.accelerator import RESOURCE
from modules.contract.api import Object
from modules.contract.checks import Check, Condition, Exists, Labelled
from modules.contract.module import Module
from modules.contract.team import ACCESS, TEAM_LABEL, TeamPart, together
from modules.parts.network_policy import enforced
from modules.parts.routes import ROUTES_LABEL
from modules.parts.server import secret
from modules.people.team_belongings import platforms_objects_stay
from modules.people.team_queue import queue_not_passed
from modules.people.team_refusals import refusals
from modules.people.team_rights import account, readers
from modules.people.team_services import own_addresses_only
from modules.people.team_tokens import tokens_expire
from profiles.schema import Profile
from profiles.teams import Limits, Quota, Team

QUEUE = "default"
"""The LocalQueue of a team's namespace; by this name Kueue uses it for everything that names no queue."""


def team_objects(name: str, team: Team, profile: Profile, part: TeamPart) -> list[Object]:
    """Everything that makes up one team but its accounts, its namespace included; `part` is what modules give to it.

    Pure; the smoke tests make throwaway teams of it.
    """
    return [
        _cluster_queue(name, team, profile),
        _namespace(name),
        _local_queue(name),
        *account(name, part.rules),
        *_limits(name, team),
        _isolation(name, part.callers),
        *part.objects,
    ]


def access_objects(team: str, part: TeamPart) -> list[Object]:
    """The Secret `access` in the team's namespace and all that stands behind it."""
    return [secret(ACCESS, team, dict(part.access)), *part.accounts] if part.access else list(part.accounts)


def policies() -> list[Object]:
    """What holds in all teams' namespaces, and RBAC can't say."""
    return [*tokens_expire(), *queue_not_passed(), *own_addresses_only(), *platforms_objects_stay()]


def team_ready(name: str) -> tuple[Check, ...]:
    """How to tell that a team's queue admits work, and that quota, limits and isolation hold in its namespace."""
    return (
        Labelled(api_version="v1", resource="namespaces", name=name, labels=_labels(name)),
        Exists(api_version="v1", resource="resourcequotas", name="team", namespace=name),
        Exists(api_version="v1", resource="limitranges", name="team", namespace=name),
        Exists(api_version="networking.k8s.io/v1", resource="networkpolicies", name="isolation", namespace=name),
        Condition(api_version=API_VERSION, resource="clusterqueues", name=name, type="Active"),
        Condition(api_version=API_VERSION, resource="localqueues", name=QUEUE, namespace=name, type="Active"),
    )


def _labels(name: str) -> dict[str, str]:
    return {TEAM_LABEL: name, ROUTES_LABEL: "team", "pod-security.kubernetes.io/enforce": "baseline"}


def _namespace(name: str) -> Object:
    labels = _labels(name)
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


def _isolation(name: str, callers: Sequence[str]) -> Object:
    places = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(callers)}
    platform = [{"namespaceSelector": {"matchExpressions": [places]}}] if callers else []
    # Link-local addresses are where clouds hand out the node's credentials.
    anywhere = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "isolation", "namespace": name},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": {}}, *platform]}],
            "egress": [{"to": [anywhere]}],
        },
    }


def _objects(profile: Profile, others: Sequence[Module]) -> list[Object]:
    parts = {name: together(module.team(name, profile) for module in others) for name in profile.teams}
    teams = [made for name, team in profile.teams.items() for made in team_objects(name, team, profile, parts[name])]
    access = (made for name, part in parts.items() for made in access_objects(name, part))
    return [*policies(), *refusals(profile), *readers(module.readable for module in others), *teams, *access]


def _fitted(_: Profile, others: Sequence[Module]) -> Module:
    # Last of all, since any module may clean up what a team has made, and gone before them.
    after = tuple(module.name for module in others if module.name not in MODULE.requires)
    return replace(MODULE, objects=lambda profile: _objects(profile, others), after=after)


def _notes(client: ApiClient) -> tuple[str, ...]:
    return () if enforced(client) else ("network policies are written, but this cluster's network enforces none",)


MODULE = Module(
    name="teams",
    summary="a namespace, a queue with quota and an account for each team",
    requires=("queueing",),
    objects=lambda profile: _objects(profile, ()),
    fitted=_fitted,
    ready=lambda profile: tuple(check for name in profile.teams for check in team_ready(name)),
    notes=_notes,
)
