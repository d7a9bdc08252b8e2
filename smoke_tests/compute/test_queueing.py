"""The queueing module: quota is kept, gangs start whole or not at all, and what was lent comes back.

Every test has teams, and where teams lend to each other a cohort, of its own: nobody else's work moves.
"""

import secrets
from collections.abc import Callable

import pytest

from modules.contract.api import ApiError
from profiles.quantity import seconds
from smoke_tests.support import pods
from smoke_tests.support.admission import ADMISSION_SECONDS, evicted_for, wait_for_workload, waits_for_quota, workload
from smoke_tests.support.cluster import CLUSTER_QUEUE, JOB, POD, Cluster, is_true
from smoke_tests.support.environment import Environment
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import job

UNIT = "100m"
"""CPU of one pod in these tests; quotas are small multiples of it."""
SHORT = "print('done')"


def start(cluster: Cluster, team: Team, name: str, *, count: int = 1, priority: str | None = None) -> None:
    """Starts a job that runs until it is removed, and waits until its pods do."""
    cluster.create(job(name, team.namespace, cpu=UNIT, pods=count, priority=priority))
    cluster.wait_for(JOB, name, team.namespace, lambda found: found["status"].get("ready") == count, pods.PULL_SECONDS)


def finish(cluster: Cluster, team: Team, name: str) -> None:
    """Waits until the job has completed."""
    cluster.wait_for(JOB, name, team.namespace, lambda found: is_true(found, "Complete"), pods.PULL_SECONDS)


def never_ran(cluster: Cluster, team: Team, name: str) -> bool:
    """Whether the job is held and has no pod."""
    held = cluster.get(JOB, name, team.namespace)
    return held is not None and held["spec"]["suspend"] and not cluster.find(POD, team.namespace, f"job={name}")


def test_queueing_is_ready(ready: Callable[[str], None]) -> None:
    ready("queueing")


def test_a_job_over_quota_waits_and_runs_once_quota_is_free(cluster: Cluster, teams: Callable[..., Team]) -> None:
    team = teams(cpu=UNIT)
    start(cluster, team, "first")
    cluster.create(job("second", team.namespace, SHORT, cpu=UNIT))
    wait_for_workload(cluster, team, "second", waits_for_quota)
    assert never_ran(cluster, team, "second")

    cluster.remove(JOB, "first", team.namespace)
    finish(cluster, team, "second")


def test_a_gang_over_quota_runs_none_of_its_pods(cluster: Cluster, teams: Callable[..., Team]) -> None:
    team = teams(cpu="200m")
    cluster.create(job("gang", team.namespace, SHORT, cpu=UNIT, pods=3))
    wait_for_workload(cluster, team, "gang", waits_for_quota)
    cluster.create(job("pair", team.namespace, SHORT, cpu=UNIT, pods=2))
    finish(cluster, team, "pair")
    assert never_ran(cluster, team, "gang")


@pytest.mark.long
def test_a_gang_that_fits_the_quota_but_not_the_nodes_makes_way_and_queues_again(
    cluster: Cluster, teams: Callable[..., Team], environment: Environment
) -> None:
    queueing = environment.profile.modules.queueing
    assert queueing is not None
    patience = seconds(queueing.wait_for_pods_ready) + ADMISSION_SECONDS
    team = teams(cpu="2000")
    cluster.create(job("gang", team.namespace, SHORT, cpu="999950m", pods=2))
    wait_for_workload(cluster, team, "gang", lambda found: is_true(found, "QuotaReserved"))
    cluster.create(job("next", team.namespace, SHORT, cpu="150m"))
    wait_for_workload(cluster, team, "next", waits_for_quota)

    wait_for_workload(cluster, team, "gang", evicted_for("PodsReadyTimeout"), patience)
    finish(cluster, team, "next")
    # Requeued, it gets the quota again, which is free now.
    again = seconds(queueing.requeue_backoff) * 2 + ADMISSION_SECONDS
    gang = wait_for_workload(cluster, team, "gang", lambda found: is_true(found, "QuotaReserved"), again)
    assert gang["status"]["requeueState"]["count"] >= 1


@pytest.mark.disruptive
def test_a_higher_priority_preempts_a_lower_one_which_runs_again(
    cluster: Cluster, teams: Callable[..., Team], environment: Environment
) -> None:
    queueing = environment.profile.modules.queueing
    assert queueing is not None
    ranks = sorted(queueing.priority_classes, key=queueing.priority_classes.__getitem__)
    team = teams(cpu=UNIT)
    start(cluster, team, "modest", priority=ranks[0])

    start(cluster, team, "urgent", priority=ranks[-1])
    wait_for_workload(cluster, team, "modest", evicted_for("Preempted"))
    until(lambda: not pods.running(cluster, team.namespace, "modest"), 30, "the lower one's pod to end")

    cluster.remove(JOB, "urgent", team.namespace)
    cluster.wait_for(JOB, "modest", team.namespace, lambda found: found["status"].get("ready") == 1, pods.PULL_SECONDS)


@pytest.mark.disruptive
def test_what_a_team_borrowed_goes_back_when_its_owner_needs_it(cluster: Cluster, teams: Callable[..., Team]) -> None:
    cohort = f"smoke-{secrets.token_hex(4)}"
    borrower, owner = teams(cpu=UNIT, cohort=cohort), teams(cpu=UNIT, cohort=cohort)
    start(cluster, borrower, "own")
    start(cluster, borrower, "borrowing")
    queue = cluster.get(CLUSTER_QUEUE, borrower.name)
    assert queue is not None
    used = {one["name"]: one for flavor in queue["status"]["flavorsUsage"] for one in flavor["resources"]}
    assert used["cpu"]["borrowed"] == UNIT

    start(cluster, owner, "mine")

    def one_went_back() -> bool:
        found = [workload(cluster, borrower, name) for name in ("own", "borrowing")]
        return len([one for one in found if evicted_for("Preempted")(one)]) == 1

    until(one_went_back, ADMISSION_SECONDS, "one of the borrower's jobs to be stopped")
    both = ("own", "borrowing")
    until(
        lambda: len([name for name in both if pods.running(cluster, borrower.namespace, name)]) == 1,
        30,
        "the borrower to be left with its own share",
    )


def test_an_invalid_cluster_queue_is_refused_with_a_message(cluster: Cluster) -> None:
    quota = [{"name": "cpu", "nominalQuota": "1", "borrowingLimit": "1"}]
    groups = [{"coveredResources": ["cpu"], "flavors": [{"name": "default", "resources": quota}]}]
    alone = {
        "apiVersion": CLUSTER_QUEUE.api_version,
        "kind": "ClusterQueue",
        "metadata": {"name": "smoke-refused"},
        "spec": {"resourceGroups": groups},
    }
    with pytest.raises(ApiError, match="borrowingLimit must be nil when cohort is empty") as refused:
        cluster.create(alone, dry_run=True)
    assert refused.value.status == 422
