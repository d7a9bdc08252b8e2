"""The training module: gangs of JAX and PyTorch workers on two nodes, and trainings that can't run or lose a worker."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from modules.contract.api import ApiError, Object
from profiles.quantity import seconds
from smoke_tests.support import devices, training_example
from smoke_tests.support.admission import (
    ADMISSION_SECONDS,
    evicted_for,
    set_active,
    wait_for_workload,
    waits_for_quota,
)
from smoke_tests.support.cluster import EVENT, JOB_SET, TRAIN_JOB, Cluster, is_true
from smoke_tests.support.devices import Device
from smoke_tests.support.environment import Environment
from smoke_tests.support.owners import OWNERS, TOO_MUCH
from smoke_tests.support.team import Team, kubeconfig
from smoke_tests.support.training_example import NAMES
from smoke_tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.together("devices")

TRAINING_SECONDS = 300
"""The images of two gangs pulled and started on two busy cores."""


class Run(NamedTuple):
    """An example after its end: whose it was, the devices that its pods were promised, what they printed."""

    framework: str
    team: Team
    promised: set[Device]
    workers: list[dict[str, Any]]
    result: dict[str, Any]


def ended(job: Object) -> bool:
    """Whether the TrainJob is over, well or not."""
    return is_true(job, "Complete") or is_true(job, "Failed")


@pytest.fixture(scope="module", params=NAMES)
def run(cluster: Cluster, shared_teams: Callable[..., Team], request: pytest.FixtureRequest) -> Run:
    """Runs the example of each framework once for all tests here."""
    team, framework = shared_teams(), request.param
    name = NAMES[framework]
    for manifest in training_example.manifests(framework, team.namespace):
        cluster.create(manifest)

    def promised() -> set[Device]:
        # A claim goes with the end of its pod.
        pods = training_example.workers(cluster, team.namespace, name)
        found = [devices.promised(cluster, pod["metadata"]["name"], team.namespace) for pod in pods]
        assert len(found) == 2, f"pods: {[pod['metadata']['name'] for pod in pods]}"
        assert all(found), f"devices: {found}"
        return set().union(*found)

    held = until(promised, TRAINING_SECONDS, "both workers to be given their devices")
    done = cluster.wait_for(TRAIN_JOB, name, team.namespace, ended, TRAINING_SECONDS)
    pods = training_example.workers(cluster, team.namespace, name)
    log = "".join(cluster.logs(pod["metadata"]["name"], team.namespace) for pod in pods)
    assert is_true(done, "Complete"), f"{done['status']}\n{log}"
    [result] = training_example.said(log, "RESULT")
    return Run(framework, team, held, training_example.said(log, "WORKER"), result)


def test_training_is_ready(ready: Callable[[str], None]) -> None:
    ready("training")


@pytest.mark.long
def test_two_workers_on_two_nodes_sum_over_all_rows(run: Run) -> None:
    assert {worker["worker"] for worker in run.workers} == {0, 1}
    assert len({worker["node"] for worker in run.workers}) == 2
    rows = [worker["rows"] for worker in run.workers]
    assert min(rows) > 0
    assert {worker["rows_of_all"] for worker in run.workers} == {sum(rows)}


def test_what_was_learned_is_right(run: Run) -> None:
    if run.framework == "torch":
        assert run.result["slope"] == pytest.approx([3, -2], abs=0.01)
        assert run.result["intercept"] == pytest.approx(0.5, abs=0.01)
    else:
        assert run.result["accuracy"] > 0.97


def test_the_workers_devices_are_those_of_the_resource_claims(run: Run) -> None:
    reported = {Device(worker["node"], name) for worker in run.workers for name in worker["devices"]}
    assert reported == run.promised
    assert len(reported) == 2


def test_the_workers_say_whether_their_devices_are_simulated(run: Run, environment: Environment) -> None:
    chosen = environment.profile.modules.accelerators
    assert chosen is not None
    expected = "SIMULATED" if chosen.mode == "simulated" else "REAL"
    assert {worker["accelerators"] for worker in run.workers} == {expected}


def test_the_training_went_through_its_teams_queue_as_one(cluster: Cluster, run: Run) -> None:
    # Kueue sees the end of a TrainJob a moment after the TrainJob itself does.
    admitted = wait_for_workload(cluster, run.team, NAMES[run.framework], lambda found: is_true(found, "Finished"))
    assert admitted["status"]["admission"]["clusterQueue"] == run.team.name
    [pod_set] = admitted["status"]["admission"]["podSetAssignments"]
    assert pod_set["count"] == 2
    assert pod_set["resourceUsage"]["nvidia.com/gpu"] == "2"


def test_a_gang_over_quota_runs_none_of_its_workers(cluster: Cluster, teams: Callable[..., Team]) -> None:
    team = teams(gpu=1)
    config, job = training_example.manifests("jax", team.namespace)
    cluster.create(config)
    cluster.create(job)
    wait_for_workload(cluster, team, NAMES["jax"], waits_for_quota)
    assert training_example.workers(cluster, team.namespace, NAMES["jax"]) == []
    cluster.wait_for(TRAIN_JOB, NAMES["jax"], team.namespace, lambda found: is_true(found, "Suspended"), 30)


def test_a_training_on_an_unknown_runtime_is_refused_with_a_message(cluster: Cluster, team: Team) -> None:
    _, job = training_example.manifests("jax", team.namespace)
    job["spec"]["runtimeRef"] = {"name": "abacus"}
    with pytest.raises(ApiError, match=r"abacus.* not found"):
        cluster.create(job)


@pytest.mark.long
@pytest.mark.together("patience")  # it needs no device, and waits as long as Kueue does for a gang's pods
def test_a_training_whose_image_does_not_exist_says_so_and_gives_its_quota_back(
    cluster: Cluster, teams: Callable[..., Team], environment: Environment
) -> None:
    queueing = environment.profile.modules.queueing
    assert queueing is not None
    team = teams(cpu="400m")
    on_processors = {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}
    config, job = training_example.manifests("torch", team.namespace)
    job = training_example.changed(job, resourcesPerNode=on_processors)
    missing = training_example.changed(job, image="images.cairn.test/nothing:1")
    del missing["spec"]["runtimePatches"]
    cluster.create(missing)

    def said() -> list[str]:
        events = [event.get("message", "") for event in cluster.find(EVENT, team.namespace)]
        return [message for message in events if "images.cairn.test/nothing:1" in message and "ailed" in message]

    until(said, ADMISSION_SECONDS, "an event that names the image")
    cluster.create(config)
    cluster.create(job | {"metadata": job["metadata"] | {"name": "next"}})
    wait_for_workload(cluster, team, "next", waits_for_quota)
    patience = seconds(queueing.wait_for_pods_ready) + ADMISSION_SECONDS
    wait_for_workload(cluster, team, NAMES["torch"], evicted_for("PodsReadyTimeout"), patience)
    cluster.wait_for(TRAIN_JOB, "next", team.namespace, lambda found: is_true(found, "Complete"), TRAINING_SECONDS)


def test_a_member_submits_it_from_their_own_machine_with_kubeflows_client(
    cluster: Cluster, team: Team, tmp_path: Path
) -> None:
    access = tmp_path / "team.kubeconfig"
    access.write_text(kubeconfig(cluster, team))
    person = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(access)}
    done = subprocess.run(
        [training_example.client(tmp_path), training_example.DIRECTORY / "submit.py"],
        env=person,
        capture_output=True,
        text=True,
        timeout=PATIENCE * TRAINING_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = training_example.said(done.stdout, "RESULT")
    assert result["accuracy"] > 0.97
    assert result["workers"] == 2


class Endless(NamedTuple):
    """A training that comes to no end by itself: whose it is, and a member's way to it."""

    team: Team
    member: Cluster


@pytest.fixture(scope="module")
def endless(cluster: Cluster, shared_teams: Callable[..., Team]) -> Endless:
    """One training for all that disturbs one; it has made a checkpoint."""
    team = shared_teams(access=True)
    member = cluster.as_user(kubeconfig(cluster, team))
    training_example.endless(member, team.namespace, TRAINING_SECONDS)
    return Endless(team, member)


def test_a_gang_that_lost_a_worker_goes_on_from_its_last_checkpoint(cluster: Cluster, endless: Endless) -> None:
    namespace = endless.team.namespace
    before = training_example.checkpoint(cluster, namespace, TRAINING_SECONDS)
    chosen = "batch.kubernetes.io/job-completion-index=1"
    [second] = training_example.workers(cluster, namespace, NAMES["jax"], chosen)
    cluster.kill(second["metadata"]["name"], namespace)
    training_example.goes_on(cluster, namespace, before, TRAINING_SECONDS)


def test_a_member_pauses_a_training_which_goes_on_from_its_last_checkpoint(endless: Endless) -> None:
    team, member = endless
    before = training_example.checkpoint(member, team.namespace, TRAINING_SECONDS)
    set_active(member, team, NAMES["jax"], False)
    gone = lambda: not training_example.workers(member, team.namespace, NAMES["jax"])  # noqa: E731
    until(gone, ADMISSION_SECONDS, "the workers of the paused training to end")
    paused = lambda found: not is_true(found, "QuotaReserved")  # noqa: E731
    wait_for_workload(member, team, NAMES["jax"], paused)
    member.wait_for(TRAIN_JOB, NAMES["jax"], team.namespace, lambda found: is_true(found, "Suspended"), 30)
    set_active(member, team, NAMES["jax"], True)
    training_example.goes_on(member, team.namespace, before, TRAINING_SECONDS)


def test_a_trainings_name_is_refused_when_its_pods_would_have_none(cluster: Cluster, team: Team) -> None:
    make = OWNERS["TrainJob"].make
    with pytest.raises(ApiError, match="names of TrainJobs have 48 letters at most here"):
        cluster.create(make("t" * 49, team.namespace, TOO_MUCH))
    cluster.create(make("t" * 48, team.namespace, TOO_MUCH))
    cluster.wait_for(JOB_SET, "t" * 48, team.namespace, bool, ADMISSION_SECONDS)
