"""What the platform keeps for itself of the laptop profile's 2 cores and 8 GiB."""

from collections.abc import Iterator
from typing import Any

from modules.compute import ray
from modules.models import serving
from modules.registry import enabled
from profiles.load import load
from profiles.quantity import amount

PROFILE = load("laptop")
CONTROL_PLANE = (amount("250m"), amount("512Mi"))
"""Static pods, CoreDNS and kube-proxy, as seen on the local cluster with some room."""


def requests(values: Any) -> Iterator[dict[str, str]]:
    if isinstance(values, dict) and "requests" in values:
        yield values["requests"]
    if isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            yield from requests(value)


def test_the_platform_leaves_a_core_and_4_gibibytes_for_work() -> None:
    nodes = PROFILE.cluster.workers + 1
    found = [ray._RESOURCES["requests"], serving._RESOURCES["requests"]]
    for module in enabled(PROFILE):
        every = nodes if module.name == "accelerators" else 1
        # What teams run their own work by asks for nothing itself.
        runs = [made for made in module.objects(PROFILE) if not made["kind"].startswith("Cluster")]
        found += list(requests([module.values(PROFILE), *runs])) * every
    assert len(found) > 8
    # A claim on a volume asks for neither.
    cpu = sum((amount(each.get("cpu", "0")) for each in found), CONTROL_PLANE[0])
    memory = sum((amount(each.get("memory", "0")) for each in found), CONTROL_PLANE[1])
    assert amount(PROFILE.budget.cpu) - cpu >= 1
    assert amount(PROFILE.budget.memory) - memory >= amount("4Gi")
    assert amount(PROFILE.budget.cpu) - cpu >= sum(amount(team.cpu) for team in PROFILE.teams.values())


def test_every_container_of_ours_asks_for_something() -> None:
    for module in enabled(PROFILE):
        if module.chart:
            assert all({"cpu", "memory"} <= set(each) for each in requests(module.values(PROFILE)))
            assert list(requests(module.values(PROFILE)))
