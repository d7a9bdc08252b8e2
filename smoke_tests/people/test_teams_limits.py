"""What a member's token can't do, tried, each beside the ordinary work that goes on."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from modules.contract.api import ApiError, Object
from modules.contract.team import PLATFORMS
from smoke_tests.support import pods
from smoke_tests.support.admission import set_active, workload
from smoke_tests.support.cluster import (
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    POD,
    SERVICE,
    STATEFUL_SET,
    WORKLOAD,
    Cluster,
    Kind,
    is_true,
)
from smoke_tests.support.owners import OWNERS, TOO_MUCH
from smoke_tests.support.team import Team, kubeconfig
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import SLEEP, job, pod_spec

ROLE_HASH = "kueue.x-k8s.io/role-hash"
PAUSE_SECONDS = 60
ELSEWHERE = "10.96.0.1"
"""The API server's address; what is sent there is nobody's to take."""


@pytest.fixture(scope="module")
def team(shared_teams: Callable[..., Team]) -> Team:
    """One team for all: what a test tries to make is refused, and what it makes has a name of its own."""
    return shared_teams()


def forbidden(attempt: Callable[[], object], why: str) -> None:
    """Holds the API server to refusing, with these words."""
    with pytest.raises(ApiError, match=why) as error:
        attempt()
    assert error.value.status == 403


def pod(name: str, team: Team, **metadata: Any) -> Object:
    made = {"name": name, "namespace": team.namespace, **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": pod_spec("print('ran')")}


def deployment(name: str, team: Team, replicas: int = 1, **metadata: Any) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(SLEEP) | {"restartPolicy": "Always"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": team.namespace, **metadata},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def stateful_set(name: str, team: Team, replicas: int = 1, **metadata: Any) -> Object:
    made = deployment(name, team, replicas, **metadata)
    return made | {"kind": "StatefulSet", "spec": made["spec"] | {"serviceName": name}}


def service(name: str, team: Team, **spec: Any) -> Object:
    metadata = {"name": name, "namespace": team.namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}], **spec}}


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, marks=pytest.mark.needs(owner.module)) for kind, owner in OWNERS.items()],
)
def waiting(cluster: Cluster, team: Team, request: pytest.FixtureRequest) -> list[Object]:
    """Says that what waits, since it asks for more than the team has, controls what bears it."""
    member = cluster.as_user(kubeconfig(cluster, team))
    manifest = OWNERS[request.param].make(f"waits-{request.param.lower()}", team.namespace, TOO_MUCH)
    made = member.create(manifest)
    name, uid = made["metadata"]["name"], made["metadata"]["uid"]
    until(lambda: workload(member, team, name), PAUSE_SECONDS, f"{request.param} to be queued")
    return [{"apiVersion": made["apiVersion"], "kind": made["kind"], "name": name, "uid": uid, "controller": True}]


def test_a_member_cannot_say_that_what_waits_owns_what_is_made(
    member: Cluster, team: Team, waiting: list[Object]
) -> None:
    for make in (pod, deployment, stateful_set):
        forbidden(partial(member.create, make("passes", team, ownerReferences=waiting)), "only controllers")


def test_a_member_cannot_give_what_is_there_to_what_waits(
    member: Cluster, team: Team, waiting: list[Object], idle: list[tuple[Kind, str]]
) -> None:
    adopted = lambda found: found["metadata"].update(ownerReferences=waiting)  # noqa: E731
    for kind, name in idle:
        forbidden(partial(member.change, kind, name, team.namespace, adopted), "only controllers")
    # Of a pod a member changes nothing at all.
    assert not member.may(verb="patch", resource="pods", namespace=team.namespace)


@pytest.fixture(scope="module")
def idle(cluster: Cluster, team: Team) -> list[tuple[Kind, str]]:
    """A Job, a Deployment and a StatefulSet of a member's that run nothing."""
    member = cluster.as_user(kubeconfig(cluster, team))
    member.create(job("idle", team.namespace, SLEEP, cpu=TOO_MUCH))
    member.create(deployment("idle", team, 0))
    member.create(stateful_set("idle", team, 0))
    return [(kind, "idle") for kind in (JOB, DEPLOYMENT, STATEFUL_SET)]


def test_what_a_member_makes_by_controllers_goes_on(member: Cluster, team: Team) -> None:
    """Here Kubernetes' own: a Deployment, a StatefulSet, and a CronJob's Job as `kubectl create job --from` makes it.

    That those of Ray, JobSets and trainings do show the tests of these modules, in teams' namespaces too.
    """
    plain = job("template", team.namespace, "print('ran')")["spec"]
    cron = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": plain}}
    metadata = {"name": "yearly", "namespace": team.namespace}
    made = member.create({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": cron})
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "yearly", "uid": made["metadata"]["uid"]}
    now = {"name": "now", "namespace": team.namespace, "ownerReferences": [{**owner, "controller": True}]}
    member.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": now, "spec": plain})
    member.create(deployment("web", team))
    member.create(stateful_set("store", team))
    member.create(pod("queued", team))
    member.wait_for(JOB, "now", team.namespace, lambda found: is_true(found, "Complete"), pods.PULL_SECONDS)
    assert workload(member, team, "now")
    member.scale(DEPLOYMENT, "web", team.namespace, 2, pods.PULL_SECONDS)
    member.scale(STATEFUL_SET, "store", team.namespace, 1, pods.PULL_SECONDS)
    member.wait_for(POD, "queued", team.namespace, lambda found: found["status"]["phase"] == "Succeeded", 120)


def test_a_member_cannot_let_one_pod_count_as_another(member: Cluster, team: Team) -> None:
    forbidden(lambda: member.create(pod("poser", team, annotations={ROLE_HASH: "same"})), "Kueue's own")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"externalIPs": [ELSEWHERE]}, "externalIPs"),
        ({"loadBalancerIP": ELSEWHERE}, "loadBalancerIP"),
        ({"type": "LoadBalancer", "loadBalancerIP": ELSEWHERE}, "loadBalancerIP"),
        ({"type": "ExternalName", "externalName": "kubernetes.default.svc.cluster.local"}, "externalName"),
        ({"type": "ExternalName", "externalName": ELSEWHERE}, "externalName"),
        ({"type": "NodePort"}, r"exceeded quota.*services\.nodeports"),
        ({"type": "LoadBalancer"}, r"exceeded quota.*services\.loadbalancers"),
    ],
    ids=lambda value: " ".join(f"{key}={word}" for key, word in value.items()) if isinstance(value, dict) else "",
)
def test_a_members_service_takes_no_address_but_its_own(
    member: Cluster, team: Team, spec: dict[str, Any], why: str
) -> None:
    forbidden(lambda: member.create(service("elsewhere", team, **spec)), why)
    member.create(service("own", team, selector={"app": "web"}))
    try:
        forbidden(lambda: member.change(SERVICE, "own", team.namespace, lambda found: found["spec"].update(spec)), why)
    finally:
        member.remove(SERVICE, "own", team.namespace)


def test_a_members_service_leads_to_no_addresses_that_the_member_writes_down(member: Cluster, team: Team) -> None:
    metadata = {"name": "by-hand", "namespace": team.namespace, "labels": {"kubernetes.io/service-name": "by-hand"}}
    member.create(service("by-hand", team))  # without a selector, as who writes down its endpoints has it
    endpoints = {"subsets": [{"addresses": [{"ip": ELSEWHERE}], "ports": [{"port": 443}]}]}
    forbidden(
        lambda: member.create({"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, **endpoints}),
        "cannot create resource",
    )
    found = {"addressType": "IPv4", "endpoints": [{"addresses": [ELSEWHERE]}], "ports": [{"port": 443}]}
    forbidden(
        lambda: member.create(
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, **found}
        ),
        "cannot create resource",
    )


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"hostNetwork": True}, "host namespaces"),
        ({"hostPID": True}, "host namespaces"),
        ({"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}, "hostPath"),
    ],
    ids=["hostNetwork", "hostPID", "hostPath"],
)
def test_a_members_pod_takes_nothing_of_its_node(member: Cluster, team: Team, spec: dict[str, Any], why: str) -> None:
    made = pod("of-the-node", team)
    forbidden(lambda: member.create({**made, "spec": {**made["spec"], **spec}}), why)


def test_a_members_pod_takes_no_port_of_its_node(member: Cluster, team: Team) -> None:
    made = pod("of-the-node", team)
    made["spec"]["containers"][0]["ports"] = [{"containerPort": 6443, "hostPort": 6443}]
    forbidden(lambda: member.create(made), "hostPort")


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


def test_a_member_pauses_a_job_and_goes_on(member: Cluster, team: Team) -> None:
    member.create(job("long", team.namespace, SLEEP))
    runs = lambda found: found.get("status", {}).get("active", 0) == 1  # noqa: E731
    stands = lambda found: is_true(found, "Suspended")  # noqa: E731
    member.wait_for(JOB, "long", team.namespace, runs, pods.PULL_SECONDS)
    set_active(member, team, "long", False)
    member.wait_for(JOB, "long", team.namespace, stands, PAUSE_SECONDS)
    set_active(member, team, "long", True)
    member.wait_for(JOB, "long", team.namespace, runs, PAUSE_SECONDS)
    name = workload(member, team, "long")["metadata"]["name"]
    raised = lambda found: found["spec"].update(priority=1000)  # noqa: E731
    forbidden(lambda: member.change(WORKLOAD, name, team.namespace, raised), "spec.active")
