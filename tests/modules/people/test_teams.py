from typing import Any

import pytest

from modules.contract.api import Object, connect
from modules.contract.team import ACCOUNT
from modules.parts.network_policy import enforced
from modules.people.teams import team_objects
from modules.registry import team_part
from profiles.load import load
from profiles.schema import Profile
from profiles.teams import Limits, Quota, Team
from tests.fake_api import FakeApi

PROFILE = load("laptop")


def one(objects: list[Object], kind: str) -> Object:
    [found] = [made for made in objects if made["kind"] == kind]
    return found


def made(team: Team, profile: Profile = PROFILE) -> list[Object]:
    return team_objects("red", team, profile, team_part("red", profile))


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = one(made(Team()), "Role")["rules"]
    return found


def test_a_teams_own_figures_are_the_quota_of_the_first_flavor() -> None:
    spec = one(made(Team(cpu="1", memory="3Gi", gpu=2)), "ClusterQueue")["spec"]
    [group] = spec["resourceGroups"]
    [flavor] = group["flavors"]
    assert flavor["name"] == "default"
    assert {each["name"]: each["nominalQuota"] for each in flavor["resources"]} == {
        "cpu": "1",
        "memory": "3Gi",
        "nvidia.com/gpu": "2",
    }
    assert group["coveredResources"] == [each["name"] for each in flavor["resources"]]


def test_limits_that_are_left_out_are_no_limits() -> None:
    team = Team(gpu=2, borrowing=Limits(gpu=1), lending=Limits(gpu=0))
    [cpu, _, gpu] = one(made(team), "ClusterQueue")["spec"]["resourceGroups"][0]["flavors"][0]["resources"]
    assert gpu == {"name": "nvidia.com/gpu", "nominalQuota": "2", "borrowingLimit": "1", "lendingLimit": "0"}
    assert cpu == {"name": "cpu", "nominalQuota": "0"}


def test_quota_of_further_flavors_follows_in_the_profiles_order() -> None:
    profile = load("laptop", {"modules.queueing.flavors": {"default": {}, "spot": {}, "big": {}}})
    team = Team(cpu="1", other_flavors={"big": Quota(cpu="3"), "spot": Quota(cpu="2")})
    flavors = one(made(team, profile), "ClusterQueue")["spec"]["resourceGroups"][0]["flavors"]
    assert [(each["name"], each["resources"][0]["nominalQuota"]) for each in flavors] == [
        ("default", "1"),
        ("spot", "2"),
        ("big", "3"),
    ]


def test_preemption_is_what_the_profile_says() -> None:
    assert one(made(Team()), "ClusterQueue")["spec"]["preemption"] == {
        "withinClusterQueue": "LowerPriority",
        "reclaimWithinCohort": "Any",
        "borrowWithinCohort": {"policy": "Never"},
    }


def test_the_queue_takes_work_from_the_teams_own_namespace_only() -> None:
    objects = made(Team())
    assert one(objects, "ClusterQueue")["spec"]["namespaceSelector"] == {
        "matchLabels": {"kubernetes.io/metadata.name": "red"}
    }
    assert one(objects, "LocalQueue")["metadata"] == {"name": "default", "namespace": "red"}


def test_everything_a_member_may_do_is_in_the_teams_namespace() -> None:
    objects = made(Team())
    # What guards the team's models may ask about everybody; a member may not, but sees the team's own queue.
    bound = [each for each in objects if each["kind"] == "ClusterRoleBinding"]
    [own] = [each for each in bound if ACCOUNT in {subject["name"] for subject in each["subjects"]}]
    [role] = [each for each in objects if each["kind"] == "ClusterRole"]
    assert own["roleRef"]["name"] == role["metadata"]["name"]
    assert [(rule["verbs"], rule["resourceNames"]) for rule in role["rules"]] == [(["get"], ["red"])]
    assert one(objects, "RoleBinding")["metadata"]["namespace"] == "red"


@pytest.mark.parametrize("verb", ["update", "patch"])
def test_a_member_cannot_change_pods_and_so_cannot_open_their_gates(verb: str) -> None:
    assert not [rule for rule in rules() if "pods" in rule["resources"] and verb in rule["verbs"]]


@pytest.mark.parametrize(
    "resource",
    ["roles", "rolebindings", "serviceaccounts", "serviceaccounts/token", "resourcequotas", "networkpolicies"],
)
def test_a_member_cannot_change_the_teams_own_limits(resource: str) -> None:
    writing = {"create", "update", "patch", "delete", "*"}
    assert not [rule for rule in rules() if resource in rule["resources"] and writing & set(rule["verbs"])]


def test_a_member_reads_queues_and_changes_workloads_alone() -> None:
    of_kueue = [rule for rule in rules() if rule["apiGroups"] == ["kueue.x-k8s.io"]]
    changed = {each for rule in of_kueue if set(rule["verbs"]) - {"get", "list", "watch"} for each in rule["resources"]}
    assert changed == {"workloads"}
    assert {verb for rule in of_kueue for verb in rule["verbs"]} == {"get", "list", "watch", "update", "patch"}


def test_no_rule_uses_a_wildcard() -> None:
    assert not [rule for rule in rules() if "*" in str(rule)]


def test_compute_is_limited_by_the_queue_and_by_no_resource_quota() -> None:
    quotas = [each for each in made(Team()) if each["kind"] == "ResourceQuota"]
    limited = {key for each in quotas for key in each["spec"]["hard"]}
    assert not [key for key in limited if "cpu" in key or "memory" in key or "gpu" in key]


def test_system_priority_classes_are_refused() -> None:
    [quota] = [each for each in made(Team()) if each["metadata"]["name"] == "no-system-priority"]
    assert quota["spec"]["hard"] == {"pods": "0"}


def test_network_policies_are_known_to_be_enforced_by_the_agents_that_do(api: FakeApi) -> None:
    daemons: list[dict[str, Any]] = [{"metadata": {"name": "kube-proxy"}}]
    api.objects["/apis/apps/v1/daemonsets"] = {"items": daemons}
    assert not enforced(connect(api.kubeconfig))
    daemons.append({"metadata": {"name": "cilium"}})
    assert enforced(connect(api.kubeconfig))
