"""The ray module: a batch over two GPUs through its team's queue, and a Ray cluster that wants its token."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from modules.contract.api import ApiError, Object
from smoke_tests.support import devices, example, pods
from smoke_tests.support.admission import ADMISSION_SECONDS, workload_of
from smoke_tests.support.cluster import EVENT, POD, RAY_JOB, SERVICE, Cluster, is_true
from smoke_tests.support.devices import Device
from smoke_tests.support.environment import Environment
from smoke_tests.support.owners import OWNERS, TOO_MUCH
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import pod

pytestmark = pytest.mark.together("devices")

RAY_SECONDS = 300
"""Four pods of Ray, started and used on two busy cores."""
KEPT_SECONDS = 600
"""How long the tests may look at the Ray cluster after its job."""

KNOCK = """
import os, urllib.error, urllib.request
for token in (None, "wrong", os.environ["TOKEN"]):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        print(urllib.request.urlopen(urllib.request.Request(os.environ["JOBS"], headers=headers), timeout=20).status)
    except urllib.error.HTTPError as refusal:
        print(refusal.code)
"""


class Batch(NamedTuple):
    """The example after its run: whose it was, the RayJob, the devices that its pods held, its result."""

    team: Team
    job: Object
    promised: set[Device]
    result: dict[str, Any]


@pytest.fixture(scope="module")
def batch(cluster: Cluster, shared_teams: Callable[..., Team]) -> Batch:
    """Runs the example once for all tests here; its Ray cluster stays for them to look at."""
    team = shared_teams()
    config, job = example.manifests(team.namespace)
    cluster.create(config)
    cluster.create(job | {"spec": job["spec"] | {"ttlSecondsAfterFinished": KEPT_SECONDS}})
    done = cluster.wait_for(
        RAY_JOB,
        example.NAME,
        team.namespace,
        lambda found: found.get("status", {}).get("jobDeploymentStatus") in ("Complete", "Failed"),
        RAY_SECONDS,
    )
    assert done["status"]["jobStatus"] == "SUCCEEDED", done["status"]
    workers = cluster.find(POD, team.namespace, "ray.io/node-type=worker")
    promised = [devices.promised(cluster, worker["metadata"]["name"], team.namespace) for worker in workers]
    submitter = cluster.find(POD, team.namespace, f"job-name={example.NAME}")[0]["metadata"]["name"]
    return Batch(team, done, set().union(*promised), example.result(cluster.logs(submitter, team.namespace)))


def test_ray_is_ready(ready: Callable[[str], None]) -> None:
    ready("ray")


def test_each_task_ran_on_a_node_and_a_device_of_its_own(batch: Batch) -> None:
    parts = batch.result["parts"]
    assert len(parts) == 2
    assert len({part["node"] for part in parts}) == 2
    assert all(len(part["devices"]) == 1 for part in parts)


def test_the_tasks_devices_are_those_of_the_resource_claims(batch: Batch) -> None:
    reported = {Device(part["node"], name) for part in batch.result["parts"] for name in part["devices"]}
    assert reported == batch.promised


def test_the_result_says_whether_the_devices_are_simulated(batch: Batch, environment: Environment) -> None:
    chosen = environment.profile.modules.accelerators
    assert chosen is not None
    expected = "SIMULATED" if chosen.mode == "simulated" else "REAL"
    assert {part["accelerators"] for part in batch.result["parts"]} == {expected}


def test_the_job_went_through_its_teams_queue(cluster: Cluster, batch: Batch) -> None:
    def finished() -> Object:
        found = workload_of(cluster, batch.team, "RayJob")
        assert is_true(found, "Finished")
        return found

    # Kueue sees the end of a RayJob a moment after the RayJob itself does.
    owned = until(finished, ADMISSION_SECONDS, "the end of the workload")
    assert owned["status"]["admission"]["clusterQueue"] == batch.team.name


def test_a_ray_cluster_answers_nobody_without_its_token(cluster: Cluster, batch: Batch) -> None:
    name = batch.job["status"]["rayClusterName"]
    address = batch.job["status"]["dashboardURL"].removeprefix("http://")
    knock = pod("knocks", batch.team.namespace, KNOCK)
    knock["spec"]["containers"][0]["env"] += [
        {"name": "JOBS", "value": f"http://{address}/api/jobs/"},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "auth_token"}}},
    ]
    without, wrong, right = pods.output(cluster, knock).split()
    assert without in ("401", "403")
    assert wrong in ("401", "403")
    assert right == "200"


def invalid(namespace: str, **spec: object) -> Object:
    """The example's RayJob with some of its specification changed."""
    job = example.manifests(namespace)[1]
    return job | {"spec": job["spec"] | spec}


def test_a_ray_job_that_would_keep_its_quota_is_refused_with_a_message(cluster: Cluster, team: Team) -> None:
    with pytest.raises(ApiError, match="should delete the cluster after finishing"):
        cluster.create(invalid(team.namespace, shutdownAfterJobFinishes=False), dry_run=True)


def test_a_ray_job_with_a_field_of_the_wrong_type_is_refused_with_a_message(cluster: Cluster, team: Team) -> None:
    with pytest.raises(ApiError, match=r"spec\.entrypoint.* of type string"):
        cluster.create(invalid(team.namespace, entrypoint=7), dry_run=True)


def test_a_ray_job_without_token_authentication_is_refused_with_a_message(cluster: Cluster, team: Team) -> None:
    open_cluster = dict(example.manifests(team.namespace)[1]["spec"]["rayClusterSpec"])
    del open_cluster["authOptions"]
    with pytest.raises(ApiError, match="token"):
        cluster.create(invalid(team.namespace, rayClusterSpec=open_cluster), dry_run=True)


@pytest.mark.parametrize(("kind", "most"), [("RayCluster", 53), ("RayJob", 47), ("RayService", 47)])
def test_a_name_that_kuberay_leaves_lying_is_refused_when_it_is_made(
    cluster: Cluster, named: Team, kind: str, most: int
) -> None:
    of, make, _ = OWNERS[kind]
    with pytest.raises(ApiError, match=f"{kind}s have {most} letters at most here"):
        cluster.create(make("r" * (most + 1), named.namespace, TOO_MUCH))
    with pytest.raises(ApiError, match="begin with a letter"):
        cluster.create(make("1st", named.namespace, TOO_MUCH))
    cluster.create(make("r" * most, named.namespace, TOO_MUCH))
    # The operator's own words for a name that it can't make use of are events; else it says how the object is.
    cluster.wait_for(of, "r" * most, named.namespace, lambda found: found.get("status"), ADMISSION_SECONDS)
    said = [event.get("message", "") for event in cluster.find(EVENT, named.namespace)]
    assert not [message for message in said if "name should be" in message]


@pytest.fixture(scope="module")
def named(shared_teams: Callable[..., Team]) -> Team:
    """A team for objects that wait: only their names matter."""
    return shared_teams(cpu="0")


def test_a_ray_clusters_service_takes_no_address_but_its_own(cluster: Cluster, team: Team) -> None:
    made = OWNERS["RayCluster"].make("reaches-out", team.namespace, "10m")
    ports = [{"name": "dashboard", "port": 8265}]
    made["spec"]["headGroupSpec"]["headService"] = {"spec": {"externalIPs": ["10.96.0.1"], "ports": ports}}
    cluster.create(made)

    def told() -> list[str]:
        found = [event.get("message", "") for event in cluster.find(EVENT, team.namespace)]
        return [message for message in found if "have no externalIPs" in message]

    until(told, ADMISSION_SECONDS, "an event that says why")
    assert cluster.find(SERVICE, team.namespace) == []
