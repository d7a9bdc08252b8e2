"""What the platform keeps for itself of the laptop profile's 2 cores and 8 GiB."""

from collections.abc import Iterator
from typing import Any

from modules import ray
from modules.registry import enabled
from profiles.load import load
from profiles.quantity import amount

PROFILE = load("laptop")
CONTROL_PLANE = (amount("250m"), amount("512Mi"))
"""Static pods, CoreDNS and kube-proxy, as seen on the local cluster with some room."""


def requests(values: Any) -> Iterator[dict[str, str]]:
    if isinstance(values, dict):
        if "requests" in values:
            yield values["requests"]
        for value in values.values():
            yield from requests(value)


def test_the_platform_leaves_a_core_and_4_gibibytes_for_work() -> None:
    nodes = PROFILE.cluster.workers + 1
    found = [ray._RESOURCES["requests"]]
    for module in enabled(PROFILE):
        found += list(requests(module.values(PROFILE))) * (nodes if module.name == "accelerators" else 1)
    assert len(found) == 8
    cpu = sum((amount(each["cpu"]) for each in found), CONTROL_PLANE[0])
    memory = sum((amount(each["memory"]) for each in found), CONTROL_PLANE[1])
    assert amount(PROFILE.budget.cpu) - cpu >= 1
    assert amount(PROFILE.budget.memory) - memory >= amount("4Gi")
    assert amount(PROFILE.budget.cpu) - cpu >= sum(amount(team.cpu) for team in PROFILE.teams.values())


def test_every_container_of_ours_asks_for_something() -> None:
    for module in enabled(PROFILE):
        if module.chart:
            assert all({"cpu", "memory"} <= set(each) for each in requests(module.values(PROFILE)))
            assert list(requests(module.values(PROFILE)))
