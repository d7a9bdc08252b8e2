import socket
import time
from typing import Any

import pytest

from installer.ready import evaluate, failing
from modules.cluster.accelerators import SIMULATED
from modules.contract.api import ApiError, connect
from modules.contract.checks import (
    Accepts,
    Allocatable,
    Check,
    Condition,
    DefaultStorageClass,
    Devices,
    Done,
    Established,
    Exists,
    Labelled,
    RolledOut,
    from_data,
    to_data,
)
from modules.contract.module import ALREADY_THERE
from modules.registry import enabled
from profiles.load import load
from tests.fake_api import FakeApi

DEPLOYMENT = "/apis/apps/v1/namespaces/n/deployments/d"
DAEMON_SET = "/apis/apps/v1/namespaces/n/daemonsets/d"
QUEUE = "/apis/kueue.x-k8s.io/v1beta2/clusterqueues/team"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


def why(api: FakeApi, check: Check) -> str:
    result = evaluate(check, connect(api.kubeconfig))
    assert result.ok == (not result.why)
    return result.why


def workload(generation: int = 1, **status: int) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "spec": {"replicas": 2}, "status": status}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (workload(observedGeneration=1, updatedReplicas=2, availableReplicas=2), ""),
        (workload(observedGeneration=1, updatedReplicas=2, availableReplicas=1), "1 of 2 available"),
        (workload(observedGeneration=1, updatedReplicas=1, availableReplicas=2), "2 of 2 available, 1 up to date"),
        (workload(generation=2, observedGeneration=1, updatedReplicas=2, availableReplicas=2), "not seen it yet"),
    ],
)
def test_a_deployment_is_ready_when_all_its_replicas_are_new_and_available(
    api: FakeApi, found: dict[str, Any], said: str
) -> None:
    api.objects[DEPLOYMENT] = found
    result = why(api, RolledOut(kind="Deployment", namespace="n", name="d"))
    assert said in result
    assert bool(said) == bool(result)


def test_a_deployment_that_was_scaled_to_zero_is_not_ready(api: FakeApi) -> None:
    api.objects[DEPLOYMENT] = workload(observedGeneration=1) | {"spec": {"replicas": 0}}
    assert "scaled to zero" in why(api, RolledOut(kind="Deployment", namespace="n", name="d"))


def test_a_missing_workload_is_not_ready(api: FakeApi) -> None:
    assert why(api, RolledOut(kind="Deployment", namespace="n", name="d")) == "Deployment n/d: not there"


def test_a_daemon_set_that_no_node_takes_is_not_ready(api: FakeApi) -> None:
    api.objects[DAEMON_SET] = workload(observedGeneration=1, desiredNumberScheduled=0)
    assert "wanted on no node" in why(api, RolledOut(kind="DaemonSet", namespace="n", name="d"))
    api.objects[DAEMON_SET] = workload(
        observedGeneration=1, desiredNumberScheduled=2, updatedNumberScheduled=2, numberAvailable=2
    )
    assert not why(api, RolledOut(kind="DaemonSet", namespace="n", name="d"))


def test_a_condition_must_be_true_and_says_its_message_if_not(api: FakeApi) -> None:
    check = Condition(api_version="kueue.x-k8s.io/v1beta2", resource="clusterqueues", name="team", type="Active")
    assert why(api, check) == "clusterqueues team: not there"
    api.objects[QUEUE] = {"status": {}}
    assert why(api, check) == "clusterqueues team: not Active yet"
    api.objects[QUEUE] = {"status": {"conditions": [{"type": "Active", "status": "False", "message": "no flavor"}]}}
    assert why(api, check) == "clusterqueues team: not Active: no flavor"
    api.objects[QUEUE] = {"status": {"conditions": [{"type": "Active", "status": "True"}]}}
    assert not why(api, check)


def test_a_definition_is_ready_when_it_is_established(api: FakeApi) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rayjobs.ray.io"
    api.objects[path] = {"status": {"conditions": [{"type": "Established", "status": "True"}]}}
    assert not why(api, Established(crd="rayjobs.ray.io"))


def test_a_definition_in_deletion_is_not_established_whatever_its_condition_says(api: FakeApi) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rayjobs.ray.io"
    conditions = [{"type": "Established", "status": "True"}]
    api.objects[path] = {"metadata": {"deletionTimestamp": "2026-01-01"}, "status": {"conditions": conditions}}
    assert why(api, Established(crd="rayjobs.ray.io")).endswith("is being deleted")


def test_a_webhook_that_refuses_a_dry_run_is_told_in_its_own_words(api: FakeApi) -> None:
    content = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ClusterQueue", "metadata": {"name": "probe"}}
    check = Accepts(resource="clusterqueues", content=content)
    assert not why(api, check)
    assert api.calls == [("POST", "/apis/kueue.x-k8s.io/v1beta2/clusterqueues?dryRun=All")]
    api.refusals["/apis/kueue.x-k8s.io/v1beta2/clusterqueues"] = (500, "failed calling webhook")
    assert why(api, check) == "dry run of a ClusterQueue: failed calling webhook"


def test_a_default_storage_class_must_be_marked(api: FakeApi) -> None:
    metadata: dict[str, Any] = {"name": "local-path"}
    api.objects[CLASSES] = {"items": [{"metadata": metadata}]}
    assert "no StorageClass is marked" in why(api, DefaultStorageClass())
    metadata["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    assert not why(api, DefaultStorageClass())


def test_every_ready_node_must_publish_its_devices(api: FakeApi) -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    down = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    nodes = [("one", ready), ("two", ready), ("lost", down)]
    api.objects["/api/v1/nodes"] = {"items": [{"metadata": {"name": n}, "status": s} for n, s in nodes]}
    slices: list[dict[str, Any]] = [{"spec": {"driver": "d", "nodeName": "one", "devices": [{}, {}]}}]
    api.objects["/apis/resource.k8s.io/v1/resourceslices"] = {"items": slices}
    check = Devices(driver="d", per_node=2)
    assert why(api, check) == "devices of d: 2 wanted on each node, two has 0"
    slices.append({"spec": {"driver": "d", "nodeName": "two", "devices": [{}, {}]}})
    assert not why(api, check)


def test_a_resource_that_no_node_has_is_not_allocatable(api: FakeApi) -> None:
    status: dict[str, Any] = {"allocatable": {"nvidia.com/gpu": "0"}}
    api.objects["/api/v1/nodes"] = {"items": [{"metadata": {"name": "one"}, "status": status}]}
    assert "no node has nvidia.com/gpu" in why(api, Allocatable(resource="nvidia.com/gpu"))
    status["allocatable"] = {"nvidia.com/gpu": "1"}
    assert not why(api, Allocatable(resource="nvidia.com/gpu"))


def test_an_object_exists_or_not(api: FakeApi) -> None:
    check = Exists(api_version="v1", resource="configmaps", name="c", namespace="n")
    assert why(api, check) == "configmaps n/c: not there"
    api.objects["/api/v1/namespaces/n/configmaps/c"] = {}
    assert not why(api, check)


def test_an_api_server_that_does_not_answer_is_a_reason_and_no_exception() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    kubeconfig = FakeApi(port).kubeconfig
    start = time.monotonic()
    result = evaluate(DefaultStorageClass(), connect(kubeconfig))
    assert not result.ok
    assert "the API server does not answer" in result.why
    assert time.monotonic() - start < 2


def test_checks_survive_the_way_through_pulumi() -> None:
    profile = load("laptop")
    for module in enabled(profile):
        checks = module.ready(profile)
        assert from_data(to_data(checks)) == checks


def test_text_that_is_no_kubeconfig_is_refused() -> None:
    with pytest.raises(ApiError, match="not a usable kubeconfig"):
        connect("nothing: here")


def test_what_somebody_else_installed_is_ready_when_it_is_there_whatever_our_checks_say(api: FakeApi) -> None:
    profile, client = load("laptop"), connect(api.kubeconfig)
    assert failing(SIMULATED, profile, ALREADY_THERE, client)
    api.objects["/api/v1/nodes"] = {"items": [{"status": {"allocatable": {"nvidia.com/gpu": "8"}}}]}
    assert failing(SIMULATED, profile, ALREADY_THERE, client) == ()
    assert "DaemonSet accelerators/dra-example-driver-kubeletplugin: not there" in failing(
        SIMULATED, profile, "v0.4.0", client
    )


JOB = "/apis/batch/v1/namespaces/n/jobs/j"


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([{"type": "Complete", "status": "True"}], ""),
        ([], "has not ended yet"),
        (
            [{"type": "Failed", "status": "True", "message": "too often"}],
            "failed: too often; what it said: kubectl -n",
        ),
    ],
)
def test_an_account_is_there_when_its_job_has_ended_well(
    api: FakeApi, conditions: list[dict[str, Any]], said: str
) -> None:
    api.objects[JOB] = {"metadata": {"name": "j", "namespace": "n"}, "status": {"conditions": conditions}}
    result = why(api, Done(namespace="n", name="j"))
    assert said in result
    assert bool(said) == bool(result)


def test_an_account_whose_job_is_gone_is_not_there(api: FakeApi) -> None:
    assert why(api, Done(namespace="n", name="j")) == "Job n/j: not there"


def test_the_account_of_every_consumer_and_team_is_looked_for() -> None:
    profile = load("laptop")
    found = {
        module.name: {c.name for c in module.checks(profile) if isinstance(c, Done)} for module in enabled(profile)
    }
    assert found["tracking"] == {"consumer-tracking"}
    assert found["features"] == {"consumer-features"}
    for team in profile.teams:
        assert {f"consumer-{team}", f"team-{team}", f"consumer-features-{team}"} <= found["teams"]


def test_a_namespace_without_the_labels_that_rules_go_by_is_not_ready(api: FakeApi) -> None:
    check = Labelled(api_version="v1", resource="namespaces", name="red", labels={"cairn/team": "red", "a": "b"})
    client = connect(api.kubeconfig)
    assert "not there" in evaluate(check, client).why
    api.objects["/api/v1/namespaces/red"] = {"metadata": {"labels": {"a": "b"}}}
    assert "lacks the label cairn/team=red" in evaluate(check, client).why
    api.objects["/api/v1/namespaces/red"] = {"metadata": {"labels": {"a": "b", "cairn/team": "red", "c": "d"}}}
    assert evaluate(check, client).ok
