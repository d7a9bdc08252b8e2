"""The metrics module: what nodes and pods use."""

from collections.abc import Callable

from kubernetes.utils.quantity import parse_quantity

from smoke_tests.support import pods
from smoke_tests.support.cluster import NODE_METRICS, POD_METRICS, Cluster
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import SLEEP, pod

SCRAPES_SECONDS = 90
"""Two scrapes of the default resolution and a busy machine's delay."""


def test_metrics_is_ready(ready: Callable[[str], None]) -> None:
    ready("metrics")


def test_every_node_reports_its_cpu_and_memory(cluster: Cluster) -> None:
    def reporting() -> bool:
        usage = {found["metadata"]["name"]: found["usage"] for found in cluster.find(NODE_METRICS)}
        assert set(usage) >= set(cluster.nodes()), f"only {sorted(usage)} report"
        return all(parse_quantity(used["cpu"]) > 0 and parse_quantity(used["memory"]) > 0 for used in usage.values())

    until(reporting, SCRAPES_SECONDS, "every node's usage")


def test_a_new_pods_memory_is_reported(cluster: Cluster, team: Team) -> None:
    pods.start(cluster, pod("busy", team.namespace, SLEEP))

    def used() -> bool:
        found = cluster.find(POD_METRICS, team.namespace)
        assert found, "no metrics of the pod yet"
        return bool(parse_quantity(found[0]["containers"][0]["usage"]["memory"]) > 0)

    until(used, SCRAPES_SECONDS, "the pod's usage")
