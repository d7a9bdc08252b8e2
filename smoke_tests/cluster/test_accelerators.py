"""The accelerators module: a pod gets the devices that it asked for, no others, and shares them with nobody.

Devices are read the way the simulated driver tells them; with real GPUs these tests say that they did not run.
"""

from collections.abc import Callable

import pytest

from smoke_tests.support import devices, pods
from smoke_tests.support.cluster import POD, Cluster, condition
from smoke_tests.support.devices import Device
from smoke_tests.support.environment import Environment
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import SLEEP, pod

pytestmark = pytest.mark.together("devices")

DEVICE_SECONDS = 300
"""As long as the trainings of others may hold the devices."""


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
    pods.start(cluster, asking, DEVICE_SECONDS)
    printed = until(lambda: cluster.logs("asks", team.namespace), 30, "the pod's report")

    assert len(devices.reported(printed)) == count
    assert devices.reported(printed) == devices.promised(cluster, "asks", team.namespace)


def test_no_two_pods_share_a_device_and_one_too_many_waits(cluster: Cluster, team: Team) -> None:
    # One pod more than there are devices: whatever others hold or give back meanwhile, one of them waits.
    names = [f"asks-{number}" for number in range(len(devices.offered(cluster)) + 1)]
    for name in names:
        cluster.create(pod(name, team.namespace, devices.REPORT + SLEEP, gpu=1))

    def settled() -> tuple[list[str], dict[str, set[Device]]]:
        waiting = [name for name in names if waits(cluster, team, name)]
        assert waiting, "no pod waits"
        running = [name for name in names if name not in waiting]
        return waiting, {name: devices.reported(printed(cluster, team, name)) for name in running}

    waiting, held = until(settled, DEVICE_SECONDS, "every pod to run or to wait for a device")
    assert held, "every device is somebody else's"
    assert {len(found) for found in held.values()} == {1}
    assert len(set.union(*held.values())) == len(held)

    cluster.remove(POD, (given_back := next(iter(held))), team.namespace)
    del held[given_back]
    # Not always the one just given back: another team's pod may have ended meanwhile.
    report = until(lambda: next(filter(None, (said(cluster, team, name) for name in waiting)), ""), 60, "the next pod")
    got = devices.reported(report)
    assert len(got) == 1
    assert not got & set.union(set(), *held.values())


def waits(cluster: Cluster, team: Team, name: str) -> bool:
    """Whether the scheduler has looked at the pod and has no device for it."""
    return condition(cluster.get(POD, name, team.namespace) or {}, "PodScheduled").get("reason") == "Unschedulable"


def said(cluster: Cluster, team: Team, name: str) -> str:
    """What the pod has printed; nothing while it doesn't run."""
    try:
        return printed(cluster, team, name)
    except AssertionError:
        return ""


def printed(cluster: Cluster, team: Team, name: str) -> str:
    """What the pod has printed, once it runs."""
    found = cluster.get(POD, name, team.namespace)
    assert found is not None and found["status"].get("phase") == "Running", f"pod {name} is not running"
    text = cluster.logs(name, team.namespace)
    assert text, f"pod {name} has said nothing yet"
    return text
