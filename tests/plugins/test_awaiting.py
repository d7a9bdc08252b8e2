"""When objects count as ready."""

from typing import Any

import pytest

from plugins.kubernetes.awaiting import other, rules, wait_for, workloads
from plugins.kubernetes.awaiting.readiness import Rule
from plugins.kubernetes.errors import Object, ProviderError


def nothing(*_: str) -> list[Object]:
    return []


def condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def workload(spec: Object, status: Object, revision: str = "2") -> Object:
    metadata = {"name": "a", "generation": 3, "annotations": {"deployment.kubernetes.io/revision": revision}}
    return {"metadata": metadata, "spec": spec, "status": {"observedGeneration": 3, **status}}


ROLLED_OUT = [condition("Available"), condition("Progressing", reason="NewReplicaSetAvailable")]
PROGRESSING = [condition("Available"), condition("Progressing", reason="ReplicaSetUpdated")]
COUNTS = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}


@pytest.mark.parametrize(
    ("rule", "obj", "ready"),
    [
        (workloads.deployment, workload({"replicas": 2}, {**COUNTS, "conditions": ROLLED_OUT}), True),
        (workloads.deployment, workload({"replicas": 2}, {**COUNTS, "conditions": PROGRESSING}), False),
        # The first roll-out of a Deployment is done without the condition saying so.
        (workloads.deployment, workload({"replicas": 2}, {**COUNTS, "conditions": PROGRESSING}, "1"), True),
        (workloads.deployment, workload({"replicas": 3}, {**COUNTS, "conditions": ROLLED_OUT}), False),
        (workloads.deployment, workload({"replicas": 0}, {"conditions": ROLLED_OUT}), True),
        (
            workloads.deployment,
            workload({"replicas": 2}, {**COUNTS, "conditions": ROLLED_OUT, "observedGeneration": 2}),
            False,
        ),
        (workloads.stateful_set, workload({"replicas": 2}, COUNTS), True),
        (workloads.stateful_set, workload({"replicas": 2}, {**COUNTS, "updatedReplicas": 1}), False),
        (workloads.stateful_set, workload({"replicas": 2}, {**COUNTS, "readyReplicas": 1}), False),
        (
            workloads.stateful_set,
            workload({"replicas": 2, "updateStrategy": {"type": "OnDelete"}}, {**COUNTS, "updatedReplicas": 0}),
            True,
        ),
        (
            workloads.stateful_set,
            workload(
                {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}}, {**COUNTS, "updatedReplicas": 1}
            ),
            True,
        ),
        (
            workloads.daemon_set,
            workload(
                {},
                {
                    "desiredNumberScheduled": 1,
                    "currentNumberScheduled": 1,
                    "updatedNumberScheduled": 1,
                    "numberAvailable": 1,
                    "numberReady": 1,
                },
            ),
            True,
        ),
        (workloads.daemon_set, workload({}, {"desiredNumberScheduled": 0}), True),
        (workloads.daemon_set, workload({}, {}), False),
        (workloads.daemon_set, workload({}, {"desiredNumberScheduled": 1, "currentNumberScheduled": 1}), False),
        (workloads.job, workload({}, {"conditions": [condition("Complete")]}), True),
        (workloads.job, workload({"suspend": True}, {}), False),
        (workloads.pod, workload({}, {"phase": "Succeeded"}), True),
        (
            workloads.pod,
            workload({}, {"conditions": [condition(c) for c in ("PodScheduled", "Initialized", "Ready")]}),
            True,
        ),
        (workloads.pod, workload({}, {"conditions": [condition("PodScheduled"), condition("Initialized")]}), False),
        (other.persistent_volume_claim, {"spec": {}, "status": {"phase": "Bound"}}, True),
        (other.persistent_volume_claim, {"spec": {}, "status": {"phase": "Pending"}}, False),
        (other.persistent_volume, {"status": {"phase": "Available"}}, True),
        (other.resource_quota, {"spec": {"hard": {"cpu": "1000m"}}, "status": {"hard": {"cpu": "1"}}}, True),
        (other.resource_quota, {"spec": {"hard": {"cpu": "1"}}, "status": {}}, False),
        (other.custom_resource_definition, {"status": {"conditions": [condition("Established")]}}, True),
        (other.custom_resource_definition, {}, False),
        (other.secret, {"type": "Opaque"}, True),
        (other.secret, {"type": "kubernetes.io/service-account-token"}, False),
    ],
)
def test_an_object_is_ready_when_its_kinds_rule_says_so(rule: Rule, obj: Object, ready: bool) -> None:
    assert rule(obj, nothing).ready is ready


@pytest.mark.parametrize(
    ("rule", "obj", "words"),
    [
        (
            workloads.job,
            workload({}, {"conditions": [condition("Failed", reason="BackoffLimitExceeded", message="too often")]}),
            "too often",
        ),
        (workloads.pod, workload({}, {"phase": "Failed", "message": "Evicted"}), "Evicted"),
        (
            other.custom_resource_definition,
            {"status": {"conditions": [condition("NamesAccepted", "False", message="taken")]}},
            "taken",
        ),
    ],
)
def test_what_can_never_get_ready_is_an_error_at_once(rule: Rule, obj: Object, words: str) -> None:
    readiness = rule(obj, nothing)
    assert readiness.failed
    assert words in readiness.waiting_for


def test_a_deployment_says_what_it_waits_for() -> None:
    short = [condition("Available", "False", "MinimumReplicasUnavailable", "not enough")]
    readiness = workloads.deployment(workload({"replicas": 2}, {"conditions": short}), nothing)
    assert readiness.waiting_for == "0 of 2 pods ready: [MinimumReplicasUnavailable] not enough"


def test_a_claim_of_a_class_that_waits_for_its_first_pod_is_ready_while_pending() -> None:
    def classes(*_: str) -> list[Object]:
        return [{"metadata": {"name": "local"}, "volumeBindingMode": "WaitForFirstConsumer"}]

    claim = {"spec": {"storageClassName": "local"}, "status": {"phase": "Pending"}}
    assert other.persistent_volume_claim(claim, classes).ready


class Endpoints:
    """A Service's endpoints and a clock, both set by the test."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.ready = True
        self.time = 0.0

    def list(self, *_: str) -> list[Object]:
        conditions = {"ready": self.ready}
        return [{"endpoints": [{"addresses": [address], "conditions": conditions} for address in self.addresses]}]


def test_a_service_is_ready_when_its_endpoints_were_steady_for_ten_seconds() -> None:
    endpoints = Endpoints()
    service = {"metadata": {"name": "a"}, "spec": {"clusterIP": "10.0.0.1"}}
    rule = other.Service(now=lambda: endpoints.time)
    assert "does not target any Pods" in rule(service, endpoints.list).waiting_for
    endpoints.addresses = ["10.0.0.2"]
    assert not rule(service, endpoints.list).ready
    endpoints.time = 9
    endpoints.addresses = ["10.0.0.2", "10.0.0.3"]
    assert not rule(service, endpoints.list).ready
    endpoints.time = 18
    assert not rule(service, endpoints.list).ready
    endpoints.time = 19
    assert rule(service, endpoints.list).ready
    endpoints.ready = False
    assert not rule(service, endpoints.list).ready


@pytest.mark.parametrize("spec", [{"clusterIP": "None"}, {"type": "ExternalName"}])
def test_a_service_without_an_address_of_its_own_does_not_wait(spec: Object) -> None:
    assert other.Service()({"metadata": {"name": "a"}, "spec": spec}, nothing).ready


def test_a_load_balancer_waits_for_its_address() -> None:
    service = {"metadata": {"name": "a"}, "spec": {"type": "LoadBalancer"}}
    assert "IP address" in other.Service()(service, nothing).waiting_for


PHASE = {"status": {"phase": "Running", "list": [{"type": "A", "status": "False"}, {"type": "B", "status": "True"}]}}
CONDITIONS = {"status": {"conditions": [condition("Ready"), condition("Active", "False")]}}


@pytest.mark.parametrize(
    ("text", "obj", "ready"),
    [
        ("jsonpath={.status.phase}=Running", PHASE, True),
        ("jsonpath={.status.phase}=Pending", PHASE, False),
        ("jsonpath={.status.phase}", PHASE, True),
        ("jsonpath={.status.other}", PHASE, False),
        ("jsonpath=.status.phase=Running", PHASE, True),
        ('jsonpath={.status.list[?(@.type=="B")].status}=True', PHASE, True),
        ("jsonpath={.status.list[?(@.type=='A')].status}=True", PHASE, False),
        ("jsonpath={.status.list[0].status}=False", PHASE, True),
        ("jsonpath={.status.list[-1].type}=B", PHASE, True),
        ("jsonpath={.status.list[*].type}=B", PHASE, True),
        ("jsonpath={.metadata.annotations.a\\.b/c}=d", {"metadata": {"annotations": {"a.b/c": "d"}}}, True),
        ("jsonpath={.status.ready}=true", {"status": {"ready": True}}, True),
        ("jsonpath={.status.count}=3", {"status": {"count": 3}}, True),
        ("condition=Ready", CONDITIONS, True),
        ("condition=ready", CONDITIONS, True),
        ("condition=Active", CONDITIONS, False),
        ("condition=Active=False", CONDITIONS, True),
        ("condition=None", CONDITIONS, False),
        ('["condition=Ready", "condition=Active=False"]', CONDITIONS, True),
        ('["condition=Ready", "condition=Active"]', CONDITIONS, False),
    ],
)
def test_wait_for_takes_paths_and_conditions(text: str, obj: Object, ready: bool) -> None:
    assert wait_for.rule(text)(obj, nothing).ready is ready


@pytest.mark.parametrize("text", ["Ready", "[]", '{"a": 1}', "jsonpath={.a[}", "jsonpath={range .items[*]}"])
def test_a_malformed_wait_for_is_an_error_before_anything_is_made(text: str) -> None:
    with pytest.raises(ProviderError):
        wait_for.rule(text)


def annotated(kind: str, api_version: str = "apps/v1", **annotations: str) -> Object:
    found = {f"pulumi.com/{key}": value for key, value in annotations.items()}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "annotations": found}}


@pytest.mark.parametrize(
    ("obj", "custom", "timeout"),
    [
        (annotated("Deployment"), 0, 600),
        (annotated("Deployment", timeoutSeconds="7"), 0, 7),
        (annotated("Deployment", timeoutSeconds="7"), 5, 5),
        (annotated("PersistentVolumeClaim", "v1"), 0, 300),
        (annotated("Thing", "example.com/v1", waitFor="condition=Ready"), 0, 600),
        (annotated("Deployment", skipAwait="true"), 0, None),
        (annotated("Thing", "example.com/v1", skipAwait="true", waitFor="condition=Ready"), 0, None),
        (annotated("Thing", "example.com/v1"), 0, None),
        (annotated("Namespace", "v1"), 0, None),
        (annotated("ConfigMap", "v1"), 0, None),
    ],
)
def test_how_long_an_object_is_waited_for(obj: Object, custom: float, timeout: float | None) -> None:
    wait = rules.for_object(obj, custom)
    assert (wait.timeout if wait else None) == timeout


@pytest.mark.parametrize(
    ("obj", "custom", "timeout"),
    [
        (annotated("Namespace", "v1"), 0, 300),
        (annotated("Deployment"), 0, 600),
        (annotated("Thing", "example.com/v1"), 20, 20),
        (annotated("Namespace", "v1", skipAwait="true"), 0, None),
        # The official plug-in waits for these whatever the annotation says.
        (annotated("ConfigMap", "v1", skipAwait="true"), 0, 300),
    ],
)
def test_how_long_a_deletion_is_waited_for(obj: Any, custom: float, timeout: float | None) -> None:
    assert rules.deletion_timeout(obj, custom) == timeout
