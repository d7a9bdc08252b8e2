"""Kueue's view of what a team submits: whether it waits, runs, or was stopped, and why."""

from collections.abc import Callable

from modules.contract.api import Object
from smoke_tests.support.cluster import WORKLOAD, Cluster, condition
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until

ADMISSION_SECONDS = 60


def workload(cluster: Cluster, team: Team, name: str) -> Object:
    """Kueue's view of a job. Raises AssertionError until there is one."""
    owned = [
        found
        for found in cluster.find(WORKLOAD, team.namespace)
        if any(owner["name"] == name for owner in found["metadata"].get("ownerReferences", []))
    ]
    assert owned, f"no workload of job {name} yet"
    return owned[0]


def workload_of(cluster: Cluster, team: Team, kind: str) -> Object:
    """Kueue's view of the one object of that kind that the team has queued. Raises AssertionError unless it is one."""
    owned = [
        found
        for found in cluster.find(WORKLOAD, team.namespace)
        if any(owner["kind"] == kind for owner in found["metadata"].get("ownerReferences", []))
    ]
    assert len(owned) == 1, f"workloads of kind {kind}: {len(owned)}"
    return owned[0]


def wait_for_workload(
    cluster: Cluster, team: Team, name: str, reached: Callable[[Object], object], deadline: float = ADMISSION_SECONDS
) -> Object:
    """Waits until `reached` holds for the job's workload."""

    def found() -> Object:
        last = workload(cluster, team, name)
        assert reached(last), f"its conditions are {last.get('status', {}).get('conditions')}"
        return last

    return until(found, deadline, f"workload of job {name}")


def set_active(cluster: Cluster, team: Team, name: str, active: bool) -> None:
    """Pauses a job, or lets it go on, as docs/modules/compute/queueing.md says."""
    found = workload(cluster, team, name)["metadata"]["name"]
    cluster.change(WORKLOAD, found, team.namespace, lambda last: last["spec"].update(active=active))


def waits_for_quota(found: Object) -> bool:
    """Whether Kueue has looked at the workload and says that quota is what it lacks."""
    reserved = condition(found, "QuotaReserved")
    return reserved.get("status") == "False" and "insufficient" in reserved.get("message", "")


def evicted_for(reason: str) -> Callable[[Object], bool]:
    """Whether the workload was stopped for that reason, which Kueue also counts once it runs again."""

    def evicted(found: Object) -> bool:
        counted = (found.get("status", {}).get("schedulingStats") or {}).get("evictions") or []
        return condition(found, "Evicted").get("reason") == reason or reason in [past["reason"] for past in counted]

    return evicted
