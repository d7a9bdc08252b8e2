"""A node lost in the middle of a job: the job ends well on the other."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes.utils.quantity import parse_quantity

from catalog.build import tool
from hosts.local import budget as cgroups
from hosts.local.command import run
from hosts.local.teardown import recorded
from smoke_tests.support import pods
from smoke_tests.support.cluster import JOB, NODE, POD, Cluster, is_true
from smoke_tests.support.environment import Environment
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import job, preferring

WORK = "import os, time; time.sleep(20); print('done on', os.environ['NODE_NAME'])"
"""Twenty seconds of work: long enough to be interrupted."""
DETECTION_SECONDS = 60
"""The longest that Kubernetes takes to call a silent node lost (its default grace is 50 s; the local one 20 s)."""


@pytest.fixture
def worker(cluster: Cluster, environment: Environment, team: Team) -> Iterator[str]:
    """A worker that may be silenced; before the team goes, it answers again and the platform serves as before."""
    if environment.profile.cluster.provider != "local":
        pytest.skip("only nodes on this machine can be silenced from here")
    workers = [node for node in cluster.nodes() if "worker" in node]
    assert workers, "the environment has no worker"
    yield workers[0]
    answer(environment, workers[0])
    cluster.wait_for(NODE, workers[0], "", lambda node: is_true(node, "Ready"), DETECTION_SECONDS * 2)
    until(lambda: serving_again(cluster), DETECTION_SECONDS * 4, "the platform to serve as before")


def serving_again(cluster: Cluster) -> bool:
    """Whether every pod outside teams is ready again, those that moved away included."""
    unready = [
        pod["metadata"]["name"]
        for pod in cluster.find(POD)
        if not pods.ended(pod) and not is_true(pod, "Ready") and not pod["metadata"]["namespace"].startswith("smoke-")
    ]
    assert not unready, f"{unready} are not ready"
    return True


def silence(environment: Environment, node: str) -> None:
    """Freezes every process of the node, as if its power and its cable were gone."""
    run(tool("runc"), "--root", recorded(environment.name).run_root, "pause", node)


def answer(environment: Environment, node: str) -> None:
    """Lets a silenced node go on."""
    words = (tool("runc"), "--root", recorded(environment.name).run_root)
    if '"paused"' in run(*words, "state", node):
        run(*words, "resume", node)


def test_the_nodes_offer_what_the_profiles_budget_says(cluster: Cluster, environment: Environment) -> None:
    if environment.profile.cluster.provider != "local":
        pytest.skip("only local nodes keep to a budget")
    offered = [node["status"]["allocatable"] for node in cluster.find(NODE)]
    budget = environment.profile.budget
    assert sum(int(parse_quantity(node["cpu"]) * 1000) for node in offered) == budget.cpu_millis
    # Nodes round to whole pages, and each keeps a little of its share.
    assert sum(int(parse_quantity(node["memory"])) for node in offered) == pytest.approx(budget.memory_bytes, rel=0.01)


def test_a_busy_machine_leaves_the_environment_more_than_one_process_gets(environment: Environment) -> None:
    if environment.profile.cluster.provider != "local":
        pytest.skip("only local nodes share this machine")
    hierarchy = cgroups.ROOT if cgroups.unified() else cgroups.ROOT / "cpu"
    setting, value = cgroups.weight(cgroups.of_all())
    common = hierarchy / Path(recorded(environment.name).cgroup).parent
    assert (common / setting).read_text().strip() == value


@pytest.mark.disruptive
@pytest.mark.alone
def test_a_job_whose_node_is_lost_ends_well_on_the_other(
    cluster: Cluster, environment: Environment, team: Team, worker: str
) -> None:
    wanted = job("carried-on", team.namespace, WORK)
    template = wanted["spec"]["template"]
    template["spec"] = preferring(template["spec"], worker)
    cluster.create(wanted)
    until(
        lambda: [
            pod
            for pod in cluster.find(POD, team.namespace, "job=carried-on")
            if is_true(pod, "Ready") and pod["spec"]["nodeName"] == worker
        ],
        pods.PULL_SECONDS,
        f"the job to run on {worker}",
    )
    silence(environment, worker)
    started = time.monotonic()

    patience = DETECTION_SECONDS + environment.profile.cluster.eviction_seconds + 180
    cluster.wait_for(JOB, "carried-on", team.namespace, lambda found: is_true(found, "SuccessCriteriaMet"), patience)
    assert not is_true(cluster.get(NODE, worker) or {}, "Ready")
    (done,) = [
        pod for pod in cluster.find(POD, team.namespace, "job=carried-on") if pod["status"]["phase"] == "Succeeded"
    ]
    assert done["spec"]["nodeName"] != worker
    assert f"done on {done['spec']['nodeName']}" in cluster.logs(done["metadata"]["name"], team.namespace)
    print(f"the job ended {time.monotonic() - started:.0f} s after its node was lost")

    # Kubernetes calls a job complete once the lost node has answered for the pod that it had.
    answer(environment, worker)
    cluster.wait_for(JOB, "carried-on", team.namespace, lambda found: is_true(found, "Complete"), patience)
