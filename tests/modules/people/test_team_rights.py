from typing import Any

import pytest

from modules.contract.team import READ
from modules.people.team_rights import readers
from modules.people.teams import team_objects
from modules.registry import enabled, team_part
from profiles.load import load
from profiles.teams import Team

PROFILE = load("laptop")


def verbs(group: str, resource: str) -> set[str]:
    objects = team_objects("red", Team(), PROFILE, team_part("red", PROFILE))
    [role] = [made for made in objects if made["kind"] == "Role"]
    return granted(role["rules"], group, resource)


def granted(rules: list[dict[str, Any]], group: str, resource: str) -> set[str]:
    return {
        verb for rule in rules if group in rule["apiGroups"] and resource in rule["resources"] for verb in rule["verbs"]
    }


@pytest.mark.parametrize("resource", ["deployments", "statefulsets"])
def test_who_may_change_a_workload_may_scale_it(resource: str) -> None:
    assert verbs("apps", f"{resource}/scale") >= {"get", "update", "patch"}


@pytest.mark.parametrize(
    ("group", "resource"),
    [
        ("apps", "deployments/status"),
        ("batch", "jobs/status"),
        ("jobset.x-k8s.io", "jobsets/status"),
        ("ray.io", "rayjobs/status"),
        ("trainer.kubeflow.org", "trainjobs/status"),
        ("serving.kserve.io", "inferenceservices/status"),
        ("apps", "controllerrevisions"),
        ("discovery.k8s.io", "endpointslices"),
    ],
)
def test_a_member_sees_and_does_not_write(group: str, resource: str) -> None:
    assert "get" in verbs(group, resource)
    assert not verbs(group, resource) - set(READ)


@pytest.mark.parametrize(
    ("group", "resource"),
    [
        ("", "services/status"),
        ("", "endpoints"),
        ("discovery.k8s.io", "endpointslices"),
        ("", "pods/ephemeralcontainers"),
        ("", "pods/status"),
        ("resource.k8s.io", "resourceclaims"),
        ("gateway.networking.k8s.io", "referencegrants"),
        ("kueue.x-k8s.io", "workloads/status"),
        ("networking.k8s.io", "ingresses"),
        ("apps", "daemonsets"),
        ("apps", "replicasets"),
    ],
)
def test_a_member_does_not_write_what_reaches_past_queue_or_namespace(group: str, resource: str) -> None:
    assert not verbs(group, resource) - set(READ)


def test_what_belongs_to_no_team_is_read_through_one_binding_for_everybody() -> None:
    role, binding = readers(module.readable for module in enabled(PROFILE))
    assert binding["subjects"] == [
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}
    ]
    for group, resource in [
        ("storage.k8s.io", "storageclasses"),
        ("scheduling.k8s.io", "priorityclasses"),
        ("kueue.x-k8s.io", "workloadpriorityclasses"),
        ("kueue.x-k8s.io", "resourceflavors"),
        ("serving.kserve.io", "clusterservingruntimes"),
    ]:
        assert granted(role["rules"], group, resource) == set(READ)
    assert not granted(role["rules"], "kueue.x-k8s.io", "clusterqueues")
