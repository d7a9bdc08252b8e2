"""The engine's calls about objects, from request to response."""

import threading
from typing import Any, cast

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes.answering import UninitializedError
from plugins.kubernetes.applying import Objects
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.configuration import Configuration
from plugins.kubernetes.engine import Engine
from plugins.kubernetes.errors import ApiError, Object, ProviderError, UnreachableError
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.object_calls import ObjectCalls
from plugins.kubernetes.values import UNKNOWN, Properties, Secret, decode, encode
from tests.plugins.fake_cluster import FakeCluster

URN = "urn:pulumi:a::b::kubernetes:core/v1:ConfigMap::c"
INPUTS: Properties = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "n"},
    "data": {"b": "c"},
}
PATH = "/api/v1/namespaces/n/configmaps/a"
CONFIG_MAP = Kind("v1", "ConfigMap")
JOB: Properties = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "j", "namespace": "n", "annotations": {"pulumi.com/timeoutSeconds": "0"}},
}


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def calls(cluster: FakeCluster, delete_unreachable: bool = False) -> ObjectCalls:
    objects = Objects(cast(Cluster, cluster), threading.Event(), patience=0)
    settings = Configuration(cast(Any, None), delete_unreachable=delete_unreachable)
    return ObjectCalls(objects, settings, Engine())


def create(cluster: FakeCluster, inputs: Properties, preview: bool = False) -> provider_pb2.CreateResponse:
    request = provider_pb2.CreateRequest(urn=URN, properties=encode(inputs), preview=preview)
    return calls(cluster).create(request)


def refuse(cluster: FakeCluster, error: Exception) -> None:
    def hook(*_: Any) -> Object | None:
        raise error

    cluster.hook = hook


def test_a_created_object_has_its_id_and_its_state(cluster: FakeCluster) -> None:
    response = create(cluster, INPUTS)
    assert response.id == "n/a"
    state = decode(response.properties)
    assert state["__inputs"] == INPUTS
    assert state["metadata"] == {"name": "a", "namespace": "n", "uid": PATH}


@pytest.mark.parametrize(
    "inputs",
    [
        {**INPUTS, "data": {"b": UNKNOWN}},
        {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}},
    ],
)
def test_the_preview_of_what_cannot_be_asked_yet_gives_the_inputs_back(
    cluster: FakeCluster, inputs: Properties
) -> None:
    response = create(cluster, inputs, preview=True)
    assert response.id == ""
    assert decode(response.properties) == inputs
    assert cluster.made("PATCH") == []


@pytest.mark.parametrize(
    "error",
    [
        ApiError(404, {"message": "namespace not found", "details": {"kind": "namespaces"}}),
        ApiError(403, {"message": "may not"}),
        ApiError(500, {"message": "failed calling webhook"}),
        UnreachableError("no route"),
    ],
)
def test_a_preview_that_fails_for_what_says_nothing_about_the_object_gives_the_inputs_back(
    cluster: FakeCluster, error: Exception
) -> None:
    refuse(cluster, error)
    assert decode(create(cluster, INPUTS, preview=True).properties) == INPUTS


def test_a_preview_fails_where_the_api_server_refuses_the_object(cluster: FakeCluster) -> None:
    refuse(cluster, ApiError(422, {"message": "Invalid value"}))
    with pytest.raises(ProviderError, match="ConfigMap n/a can't be created: Invalid value"):
        create(cluster, INPUTS, preview=True)


def test_the_state_of_a_preview_has_no_status(cluster: FakeCluster) -> None:
    assert "status" not in decode(create(cluster, {**INPUTS, "status": {}}, preview=True).properties)


def test_an_object_that_did_not_get_ready_is_recorded_with_the_reasons(cluster: FakeCluster) -> None:
    with pytest.raises(UninitializedError) as error:
        create(cluster, JOB)
    assert error.value.resource_id == "n/j"
    assert error.value.outputs["__inputs"] == JOB
    assert "0 of 1 pods succeeded" in error.value.reasons[0]


def test_secret_inputs_are_secret_in_the_state_and_plain_on_the_cluster(cluster: FakeCluster) -> None:
    response = create(cluster, {**INPUTS, "data": {"b": Secret("hush")}})
    assert cluster.objects[PATH]["data"] == {"b": "hush"}
    assert decode(response.properties)["data"] == {"b": Secret("hush")}


def test_an_update_keeps_field_manager_and_first_api_version(cluster: FakeCluster) -> None:
    old = encode({"__fieldManager": "pulumi-kubernetes-13a90631", "__initialApiVersion": "v1beta1"})
    request = provider_pb2.UpdateRequest(urn=URN, id="n/a", olds=old, news=encode(INPUTS))
    state = decode(calls(cluster).update(request).properties)
    assert (state["__fieldManager"], state["__initialApiVersion"]) == ("pulumi-kubernetes-13a90631", "v1beta1")
    assert cluster.calls[0][2]["fieldManager"] == "pulumi-kubernetes-13a90631"


def read(cluster: FakeCluster, inputs: Properties, **more: Any) -> provider_pb2.ReadResponse:
    request = provider_pb2.ReadRequest(urn=URN, id="n/a", inputs=encode(inputs), properties=struct_pb2.Struct())
    return calls(cluster, **more).read(CONFIG_MAP, request)


def test_a_refresh_records_drift_in_inputs_and_outputs(cluster: FakeCluster) -> None:
    cluster.objects[PATH] = {**cast(Object, INPUTS), "data": {"b": "drift", "x": "y"}}
    response = read(cluster, INPUTS)
    assert decode(response.inputs) == {**INPUTS, "data": {"b": "drift"}}
    assert decode(response.properties)["data"] == {"b": "drift", "x": "y"}


def test_a_refresh_of_an_object_that_is_gone_has_no_id(cluster: FakeCluster) -> None:
    assert read(cluster, INPUTS).id == ""


def test_an_import_reads_all_inputs(cluster: FakeCluster) -> None:
    cluster.objects[PATH] = {**cast(Object, INPUTS), "metadata": {"name": "a", "namespace": "n", "uid": "1"}}
    response = read(cluster, {})
    assert response.id == "n/a"
    assert decode(response.inputs) == INPUTS


def test_an_imported_secret_is_secret(cluster: FakeCluster) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"p": "aHVzaA=="}}
    cluster.objects["/api/v1/namespaces/n/secrets/a"] = secret
    request = provider_pb2.ReadRequest(urn=URN, id="n/a")
    response = calls(cluster).read(Kind("v1", "Secret"), request)
    assert decode(response.inputs)["data"] == Secret({"p": "aHVzaA=="})


def test_a_refresh_of_what_is_not_ready_is_an_initialization_error_with_the_drift(cluster: FakeCluster) -> None:
    cluster.objects["/apis/batch/v1/namespaces/n/jobs/j"] = cast(Object, JOB)
    request = provider_pb2.ReadRequest(urn=URN, id="n/j", inputs=encode(JOB))
    with pytest.raises(UninitializedError) as error:
        calls(cluster).read(Kind("batch/v1", "Job"), request)
    assert error.value.inputs == JOB


def test_an_unreachable_cluster_is_an_error_that_names_the_way_out(cluster: FakeCluster) -> None:
    refuse(cluster, UnreachableError("no route"))
    with pytest.raises(ProviderError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        read(cluster, INPUTS)
    with pytest.raises(ProviderError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        calls(cluster).delete(CONFIG_MAP, provider_pb2.DeleteRequest(urn=URN, id="n/a"))


def test_the_objects_of_an_unreachable_cluster_are_dropped_when_that_is_wanted(cluster: FakeCluster) -> None:
    refuse(cluster, UnreachableError("no route"))
    assert read(cluster, INPUTS, delete_unreachable=True).id == ""
    calls(cluster, delete_unreachable=True).delete(CONFIG_MAP, provider_pb2.DeleteRequest(urn=URN, id="n/a"))


def diff(cluster: FakeCluster, old: Properties, new: Properties) -> provider_pb2.DiffResponse:
    state = encode({**old, "__inputs": old})
    return calls(cluster).diff(provider_pb2.DiffRequest(olds=state, old_inputs=encode(old), news=encode(new)))


def test_a_diff_asks_the_cluster_nothing(cluster: FakeCluster) -> None:
    assert diff(cluster, INPUTS, INPUTS).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert list(diff(cluster, INPUTS, {**INPUTS, "data": {"b": "d"}}).replaces) == ["data.b"]
    assert cluster.calls == []


def test_an_unready_job_is_replaced_where_its_annotation_says_so(cluster: FakeCluster) -> None:
    metadata = {"name": "j", "namespace": "n", "annotations": {"pulumi.com/replaceUnready": "true"}}
    job: Properties = {**JOB, "metadata": metadata}
    cluster.objects["/apis/batch/v1/namespaces/n/jobs/j"] = cast(Object, job)
    assert diff(cluster, job, job).replaces
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    cluster.objects["/apis/batch/v1/namespaces/n/jobs/j"] = {**cast(Object, job), "status": done}
    assert not diff(cluster, job, job).replaces
