"""What a member's token can't do, tried, each beside the ordinary work that goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from modules.contract.api import ApiError, Object
from modules.contract.team import PLATFORMS
from smoke_tests.support import pods
from smoke_tests.support.cluster import CONFIG_MAP, DEPLOYMENT, JOB, POD, WORKLOAD, Cluster, is_true
from smoke_tests.support.team import Team, kubeconfig
from smoke_tests.support.workload import SLEEP, job, pod_spec

ROLE_HASH = "kueue.x-k8s.io/role-hash"
PAUSE_SECONDS = 60


@pytest.fixture
def member(cluster: Cluster, team: Team) -> Cluster:
    """The cluster as a member of `team` has it."""
    return cluster.as_user(kubeconfig(cluster, team))


def forbidden(attempt: Callable[[], object], why: str) -> None:
    """Holds the API server to refusing, with these words."""
    with pytest.raises(ApiError, match=why) as error:
        attempt()
    assert error.value.status == 403


def pod(name: str, team: Team, **metadata: Any) -> Object:
    made = {"name": name, "namespace": team.namespace, **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": pod_spec("print('ran')")}


def deployment(name: str, team: Team, **metadata: Any) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(SLEEP) | {"restartPolicy": "Always"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": team.namespace, **metadata},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def service(team: Team, **spec: Any) -> Object:
    ports = [{"port": 80}]
    metadata = {"name": "web", "namespace": team.namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports, **spec}}


@pytest.fixture
def waiting(member: Cluster, team: Team) -> list[Object]:
    """Says that a Job that waits, since it asks for more than the team has, controls what bears it."""
    made = member.create(job("waits", team.namespace, "print('never')", cpu="64"))
    name, uid = made["metadata"]["name"], made["metadata"]["uid"]
    return [{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid, "controller": True}]


def test_a_member_cannot_say_that_a_waiting_job_owns_a_pod(member: Cluster, team: Team, waiting: list[Object]) -> None:
    forbidden(lambda: member.create(pod("passes", team, ownerReferences=waiting)), "only controllers")
    made = deployment("passes", team, ownerReferences=waiting)
    forbidden(lambda: member.create(made), "only controllers")
    made["kind"], made["spec"]["serviceName"] = "StatefulSet", "passes"
    forbidden(lambda: member.create(made), "only controllers")
    member.create(pod("queued", team))
    member.wait_for(POD, "queued", team.namespace, lambda found: found["status"]["phase"] == "Succeeded", 120)


def test_a_member_cannot_give_what_is_there_to_a_waiting_job(
    member: Cluster, team: Team, waiting: list[Object]
) -> None:
    member.create(job("mine", team.namespace, SLEEP))
    adopted = lambda found: found["metadata"].update(ownerReferences=waiting)  # noqa: E731
    forbidden(lambda: member.change(JOB, "mine", team.namespace, adopted), "only controllers")


def test_a_member_cannot_let_one_pod_count_as_another(member: Cluster, team: Team) -> None:
    forbidden(lambda: member.create(pod("poser", team, annotations={ROLE_HASH: "same"})), "Kueue's own")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"externalIPs": ["10.96.0.1"]}, "externalIPs"),
        ({"loadBalancerIP": "10.96.0.1"}, "loadBalancerIP"),
        ({"type": "ExternalName", "externalName": "kubernetes.default.svc.cluster.local"}, "externalName"),
    ],
)
def test_a_members_service_takes_no_address_but_its_own(
    member: Cluster, team: Team, spec: dict[str, Any], why: str
) -> None:
    forbidden(lambda: member.create(service(team, **spec)), why)
    member.create(service(team, selector={"app": "web"}))


def test_a_member_leaves_the_platforms_objects_as_they_are(cluster: Cluster, member: Cluster, team: Team) -> None:
    label, value = PLATFORMS
    content = {"apiVersion": "v1", "kind": "ConfigMap"}
    marked = {"name": "ours", "namespace": team.namespace, "labels": {label: value}}
    forbidden(lambda: member.create({**content, "metadata": marked}), "the platform's")
    cluster.create({**content, "metadata": marked})
    forbidden(lambda: member.delete(CONFIG_MAP, "ours", team.namespace), "the platform's")
    unmarked = lambda found: found["metadata"].pop("labels")  # noqa: E731
    forbidden(lambda: member.change(CONFIG_MAP, "ours", team.namespace, unmarked), "the platform's")
    member.create({**content, "metadata": {"name": "theirs", "namespace": team.namespace}})
    member.remove(CONFIG_MAP, "theirs", team.namespace)


def test_a_member_scales_a_deployment(member: Cluster, team: Team) -> None:
    member.create(deployment("web", team))
    member.scale(DEPLOYMENT, "web", team.namespace, 2, pods.PULL_SECONDS)


def test_a_member_pauses_a_job_and_goes_on(member: Cluster, team: Team) -> None:
    member.create(job("long", team.namespace, SLEEP))
    runs = lambda found: found.get("status", {}).get("active", 0) == 1  # noqa: E731
    stands = lambda found: is_true(found, "Suspended")  # noqa: E731
    member.wait_for(JOB, "long", team.namespace, runs, pods.PULL_SECONDS)
    (workload,) = member.find(WORKLOAD, team.namespace)
    name = workload["metadata"]["name"]
    member.change(WORKLOAD, name, team.namespace, lambda found: found["spec"].update(active=False))
    member.wait_for(JOB, "long", team.namespace, stands, PAUSE_SECONDS)
    member.change(WORKLOAD, name, team.namespace, lambda found: found["spec"].update(active=True))
    member.wait_for(JOB, "long", team.namespace, runs, PAUSE_SECONDS)
    raised = lambda found: found["spec"].update(priority=1000)  # noqa: E731
    forbidden(lambda: member.change(WORKLOAD, name, team.namespace, raised), "spec.active")
