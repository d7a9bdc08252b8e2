"""What a pod can't take: the process numbers of others, and the control plane's share of a busy node."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from hosts.local import budget as cgroups
from hosts.local.teardown import recorded
from modules.contract.api import path_of, request
from smoke_tests.support import pods
from smoke_tests.support.cluster import NODE, POD, Cluster, is_true
from smoke_tests.support.environment import Environment
from smoke_tests.support.team import Team
from smoke_tests.support.workload import pod

THREADS = """
import threading
threading.stack_size(65536)
stop, started = threading.Event(), 0
try:
    for started in range(8000):
        threading.Thread(target=stop.wait, daemon=True).start()
except RuntimeError as failure:
    print("refused:", failure, flush=True)
print(started, flush=True)
stop.set()
"""
HOG = """
import multiprocessing
def spin():
    while True:
        pass
for _ in range(7):
    multiprocessing.Process(target=spin).start()
print("spinning", flush=True)
spin()
"""
HOGGED_SECONDS = 40
"""How long; without a share of its own the API server was seen to be away for so long."""
REFUSED_SECONDS = 30
"""After which kubectl's users, controllers and kubelets take the API server for away."""


@pytest.fixture
def local(environment: Environment) -> Environment:
    if environment.profile.cluster.provider != "local":
        pytest.skip("only local nodes keep to a budget")
    return environment


def big(manifest: dict[str, object], cpu: str, memory: str) -> dict[str, object]:
    """The pod with these requests, and that much memory at most."""
    (container,) = manifest["spec"]["containers"]  # type: ignore[index]
    container["resources"] = {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}
    return manifest


def test_the_environment_is_bounded_in_all(local: Environment) -> None:
    hierarchy = cgroups.ROOT if cgroups.unified() else cgroups.ROOT / "pids"
    most = int((hierarchy / recorded(local.name).cgroup / "pids.max").read_text())
    nodes = local.profile.cluster.workers + 1
    assert most <= nodes * (local.profile.budget.processes_per_node + 1024)
    assert most < int(cgroups.PID_MAX.read_text())


def test_a_pod_that_starts_thousands_of_threads_is_stopped_and_others_live(
    cluster: Cluster, local: Environment, team: Team
) -> None:
    node = cluster.nodes()[0]
    neighbour = pods.start(cluster, pod("neighbour", team.namespace, "import time; time.sleep(600)", node=node))
    said = pods.output(cluster, big(pod("bomb", team.namespace, THREADS, node=node), "10m", "512Mi"))
    first, last = said.splitlines()[0], int(said.splitlines()[-1])
    assert first.startswith("refused:")
    most = local.profile.budget.processes_per_pod
    assert most - 50 <= last <= most
    after = cluster.get(POD, "neighbour", team.namespace) or {}
    assert is_true(after, "Ready")
    assert after["metadata"]["uid"] == neighbour["metadata"]["uid"]
    assert not any(status["restartCount"] for status in after["status"]["containerStatuses"])
    assert is_true(cluster.get(NODE, node) or {}, "Ready")


@pytest.fixture
def hogs(cluster: Cluster, local: Environment, team: Team) -> Iterator[list[str]]:
    """On each node a pod that takes all of the processor that it can get, with as large a request as has room."""
    names = []
    for index, node in enumerate(cluster.nodes()):
        pods.start(cluster, big(pod(f"hog-{index}", team.namespace, HOG, node=node), "300m", "128Mi"))
        names.append(f"hog-{index}")
    yield names
    for name in names:
        cluster.remove(POD, name, team.namespace)


def shares(local: Environment, uid: str) -> int:
    """What the pod counts for beside others of its node, as this machine's kernel has it."""
    setting, _ = cgroups.weight(1000)
    hierarchy = cgroups.ROOT if cgroups.unified() else cgroups.ROOT / "cpu"
    (found,) = (hierarchy / recorded(local.name).cgroup).glob(f"**/*pod{uid.replace('-', '_')}.slice/{setting}")
    return int(found.read_text())


def control_plane(cluster: Cluster) -> list[dict[str, Any]]:
    return cluster.find(POD, "kube-system", "tier=control-plane")


def restarts(pods_found: list[dict[str, Any]]) -> dict[str, int]:
    return {each["metadata"]["name"]: each["status"]["containerStatuses"][0]["restartCount"] for each in pods_found}


def ready_since(cluster: Cluster) -> dict[str, str]:
    """Since when each node that is ready has been so without a break."""
    return {
        node["metadata"]["name"]: condition["lastTransitionTime"]
        for node in cluster.find(NODE)
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready" and condition["status"] == "True"
    }


@pytest.mark.disruptive
@pytest.mark.alone
def test_the_control_plane_serves_while_something_takes_all_that_it_can_on_each_node(
    local: Environment, hogs: list[str], cluster: Cluster, team: Team
) -> None:
    hog = max(shares(local, (cluster.get(POD, name, team.namespace) or {})["metadata"]["uid"]) for name in hogs)
    before, ready = restarts(control_plane(cluster)), ready_since(cluster)
    for part in control_plane(cluster):
        # kubelet knows a static pod by this; the API server's copy of it has another identity.
        uid = part["metadata"]["annotations"]["kubernetes.io/config.mirror"]
        assert shares(local, uid) >= 10 * hog, part["metadata"]["name"]
    waits = []
    until_then = time.monotonic() + HOGGED_SECONDS
    while time.monotonic() < until_then:
        asked = time.monotonic()
        request(cluster.api, "GET", path_of("v1", "pods"), timeout_seconds=REFUSED_SECONDS)
        waits.append(time.monotonic() - asked)
    print(f"{len(waits)} answers beside {len(hogs)} hogs, the slowest after {max(waits):.2f} s")
    assert restarts(control_plane(cluster)) == before
    assert len(ready) == len(cluster.nodes())
    assert ready_since(cluster) == ready
