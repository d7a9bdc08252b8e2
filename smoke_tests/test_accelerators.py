"""The accelerators module: a pod gets the devices that it asked for, no others, and shares them with nobody.

Devices are read the way the simulated driver tells them; with real GPUs these tests say that they did not run.
"""

from collections.abc import Callable
from functools import partial

import pytest

from smoke_tests import devices, pods
from smoke_tests.cluster import POD, Cluster, condition
from smoke_tests.environment import Environment
from smoke_tests.team import Team
from smoke_tests.waiting import until
from smoke_tests.workload import SLEEP, pod

pytestmark = pytest.mark.xdist_group("devices")


@pytest.fixture(autouse=True)
def simulated(environment: Environment) -> None:
    chosen = environment.profile.modules.accelerators
    if chosen is None or chosen.mode != "simulated":
        pytest.skip("reads the simulated driver's device names")


def test_accelerators_is_ready(ready: Callable[[str], None]) -> None:
    ready("accelerators")


def test_every_node_offers_as_many_devices_as_the_profile_says(cluster: Cluster, environment: Environment) -> None:
    chosen = environment.profile.modules.accelerators
    assert chosen is not None
    found = devices.offered(cluster)
    assert {node: len([one for one in found if one.node == node]) for node in cluster.nodes()} == dict.fromkeys(
        cluster.nodes(), chosen.per_node
    )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_pod_gets_exactly_the_devices_that_it_asked_for(cluster: Cluster, team: Team, count: int) -> None:
    asking = pod("asks", team.namespace, devices.REPORT + SLEEP, gpu=count)
    pods.start(cluster, asking)
    printed = until(lambda: cluster.logs("asks", team.namespace), 30, "the pod's report")

    assert len(devices.reported(printed)) == count
    assert devices.reported(printed) == devices.promised(cluster, "asks", team.namespace)


def test_no_two_pods_share_a_device_and_one_too_many_waits(cluster: Cluster, team: Team) -> None:
    free = len(devices.offered(cluster) - devices.taken(cluster))
    names = [f"holds-{number}" for number in range(free)]
    for name in names:
        cluster.create(pod(name, team.namespace, devices.REPORT + SLEEP, gpu=1))
    held = [devices.reported(until(partial(printed, cluster, team, name), 120, name)) for name in names]
    assert len(set.union(*held)) == sum(len(found) for found in held) == free

    cluster.create(pod("late", team.namespace, devices.REPORT, gpu=1))
    cluster.wait_for(
        POD, "late", team.namespace, lambda late: condition(late, "PodScheduled").get("reason") == "Unschedulable", 30
    )
    cluster.remove(POD, names[0], team.namespace)
    late = cluster.wait_for(POD, "late", team.namespace, pods.ended, 60)
    assert late["status"]["phase"] == "Succeeded"
    got = devices.reported(cluster.logs("late", team.namespace))
    # Not always the one just given back: another team's pod may have ended meanwhile.
    assert len(got) == 1
    assert not got & set.union(set(), *held[1:])


def printed(cluster: Cluster, team: Team, name: str) -> str:
    """What the pod has printed, once it runs."""
    found = cluster.get(POD, name, team.namespace)
    assert found is not None and found["status"].get("phase") == "Running", f"pod {name} is not running"
    return cluster.logs(name, team.namespace)
