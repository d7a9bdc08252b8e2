"""The jobset module: a group of Jobs of which a pod failed starts again as a whole."""

from collections.abc import Callable

import pytest

from modules.contract.api import ApiError, Object
from smoke_tests.support.cluster import JOB_SET, POD, Cluster, is_true
from smoke_tests.support.team import Team
from smoke_tests.support.workload import pod_spec

GROUP_SECONDS = 180
"""Two generations of two pods each, one after the other, on two busy cores."""

FAILS_ONCE = """
import os, socket
me, attempt = os.environ["JOB_COMPLETION_INDEX"], int(os.environ["ATTEMPT"])
print("attempt", attempt, flush=True)
if me == "1":
    raise SystemExit(1 if attempt == 0 else 0)
if attempt == 0:
    # The first attempt waits for what never comes: only the other's failure ends it.
    socket.create_server(("", 8000)).accept()
"""


def group(namespace: str, name: str = "group") -> Object:
    """Two pods, of which the second fails the first time."""
    spec = pod_spec(FAILS_ONCE)
    attempt = "metadata.labels['jobset.sigs.k8s.io/restart-attempt']"
    spec["containers"][0]["env"] += [{"name": "ATTEMPT", "valueFrom": {"fieldRef": {"fieldPath": attempt}}}]
    job = {"parallelism": 2, "completions": 2, "backoffLimit": 0, "template": {"spec": spec}}
    return {
        "apiVersion": JOB_SET.api_version,
        "kind": "JobSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "failurePolicy": {"maxRestarts": 1},
            "replicatedJobs": [{"name": "pair", "replicas": 1, "template": {"spec": job}}],
        },
    }


def test_jobset_is_ready(ready: Callable[[str], None]) -> None:
    ready("jobset")


def test_a_group_of_which_a_pod_failed_starts_again_as_a_whole(cluster: Cluster, team: Team) -> None:
    cluster.create(group(team.namespace))
    done = cluster.wait_for(
        JOB_SET,
        "group",
        team.namespace,
        lambda found: is_true(found, "Completed") or is_true(found, "Failed"),
        GROUP_SECONDS,
    )
    assert is_true(done, "Completed"), done["status"]
    assert done["status"]["restarts"] == 1
    logs = [cluster.logs(pod["metadata"]["name"], team.namespace) for pod in cluster.find(POD, team.namespace)]
    assert [log.split() for log in logs] == [["attempt", "1"]] * 2


def test_a_group_whose_rule_names_no_job_of_it_is_refused_with_a_message(cluster: Cluster, team: Team) -> None:
    wrong = group(team.namespace)
    rule = {"name": "rule", "action": "FailJobSet", "targetReplicatedJobs": ["nobody"]}
    wrong["spec"]["failurePolicy"]["rules"] = [rule]
    with pytest.raises(ApiError, match="nobody"):
        cluster.create(wrong, dry_run=True)
