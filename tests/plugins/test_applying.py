"""What is asked of the API server, and what is made of its answers."""

import threading
from collections.abc import Mapping
from typing import Any, cast

import pytest

from plugins.kubernetes.applying import Objects
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import (
    ApiError,
    CancelledError,
    NoSuchKindError,
    NotReadyError,
    Object,
    ProviderError,
    UnreachableError,
)
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.waiting import Request
from tests.plugins.fake_cluster import FakeCluster

CONFIG_MAP: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}, "data": {}}
PATH = "/api/v1/namespaces/n/configmaps/a"
JOB: Object = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "n"}, "spec": {}}
JOB_PATH = "/apis/batch/v1/namespaces/n/jobs/j"
THING: Object = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}}


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def objects(cluster: FakeCluster, cancelled: threading.Event | None = None, patience: float = 5) -> Objects:
    return Objects(cast(Cluster, cluster), cancelled or threading.Event(), patience=patience)


def conflict(*managers: str) -> ApiError:
    causes = [{"message": f'conflict with "{manager}" using v1: .data.a'} for manager in managers]
    return ApiError(409, {"reason": "Conflict", "message": "Apply failed", "details": {"causes": causes}})


def test_an_object_is_created_by_server_side_apply_under_its_field_manager(cluster: FakeCluster) -> None:
    live = objects(cluster).create(CONFIG_MAP, "m", Request())
    assert live["metadata"]["uid"]
    [(method, path, query)] = cluster.calls
    assert (method, path) == ("PATCH", PATH)
    assert (query["fieldManager"], query["force"], query["dryRun"]) == ("m", "false", None)


def test_a_preview_changes_nothing(cluster: FakeCluster) -> None:
    objects(cluster).create(CONFIG_MAP, "m", Request(preview=True))
    objects(cluster).update(CONFIG_MAP, "m", Request(preview=True))
    assert cluster.objects == {}
    assert all(query["dryRun"] == "All" for _, _, query in cluster.calls)


def test_the_preview_of_a_replacement_does_not_stumble_over_the_object_in_the_way(cluster: FakeCluster) -> None:
    cluster.objects[PATH] = CONFIG_MAP

    def refuse(method: str, path: str, query: Mapping[str, str | None], body: Object | None) -> Object | None:
        if method == "PATCH" and path == PATH:
            raise ApiError(422, {"message": "field is immutable"})
        return None

    cluster.hook = refuse
    assert objects(cluster).create(CONFIG_MAP, "m", Request(preview=True))["metadata"]["name"] == "a"


def test_what_the_api_server_refuses_fails_a_preview_with_its_words(cluster: FakeCluster) -> None:
    def refuse(*_: Any) -> Object | None:
        raise ApiError(422, {"message": "data: Invalid value"})

    cluster.hook = refuse
    with pytest.raises(ProviderError, match="data: Invalid value"):
        objects(cluster).update(CONFIG_MAP, "m", Request(preview=True))


def test_a_kind_that_is_defined_while_it_is_waited_for_is_found(cluster: FakeCluster) -> None:
    def define() -> None:
        cluster.resources["/apis/example.com/v1"] = [{"kind": "Thing", "name": "things", "namespaced": False}]

    timer = threading.Timer(0.3, define)
    timer.start()
    live = objects(cluster).create(THING, "m", Request())
    assert live["metadata"]["uid"] == "/apis/example.com/v1/things/t"


def test_a_kind_that_never_comes_is_named(cluster: FakeCluster) -> None:
    with pytest.raises(NoSuchKindError, match=r"no Thing in example\.com/v1"):
        objects(cluster, patience=0).create(THING, "m", Request())


@pytest.mark.parametrize(
    "early",
    [
        ApiError(404, {"message": 'namespaces "n" not found', "details": {"kind": "namespaces"}}),
        ApiError(500, {"message": 'failed calling webhook "a": connection refused'}),
    ],
)
def test_a_namespace_or_webhook_on_its_way_is_waited_for(cluster: FakeCluster, early: ApiError) -> None:
    answers = [early, early]

    def refuse_twice(*_: Any) -> Object | None:
        if answers:
            raise answers.pop()
        return None

    cluster.hook = refuse_twice
    objects(cluster).create(CONFIG_MAP, "m", Request())
    assert cluster.made("PATCH") == [PATH] * 3


@pytest.mark.parametrize("trouble", [UnreachableError("gone", is_blip=True), ApiError(503, {"message": "no leader"})])
def test_a_wait_outlasts_a_server_that_has_trouble_for_a_moment(cluster: FakeCluster, trouble: ProviderError) -> None:
    looks = 0

    def trip(method: str, path: str, query: Mapping[str, str | None], body: Object | None) -> Object | None:
        nonlocal looks
        if method == "GET":
            looks += 1
            if looks < 3:
                raise trouble
            cluster.objects[JOB_PATH]["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
        return None

    cluster.hook = trip
    assert objects(cluster).create(JOB, "m", Request(timeout=10))["status"]


def test_a_server_that_never_answered_is_an_error_at_once(cluster: FakeCluster) -> None:
    def refuse(*_: Any) -> Object | None:
        raise UnreachableError("no route")

    cluster.hook = refuse
    with pytest.raises(UnreachableError):
        objects(cluster).create(CONFIG_MAP, "m", Request())
    assert len(cluster.calls) == 1


def test_an_object_that_is_being_deleted_is_waited_out_and_made_anew(cluster: FakeCluster) -> None:
    ending = {**CONFIG_MAP, "metadata": {**CONFIG_MAP["metadata"], "uid": "old", "deletionTimestamp": "now"}}
    cluster.objects[PATH] = ending
    cluster.hook = lambda method, path, query, body: (
        ending if method == "PATCH" and cluster.objects.get(PATH) is ending else None
    )
    threading.Timer(0.3, lambda: cluster.objects.pop(PATH)).start()
    assert objects(cluster).create(CONFIG_MAP, "m", Request())["metadata"]["uid"] == PATH


def test_a_namespace_that_is_being_deleted_is_waited_out(cluster: FakeCluster) -> None:
    ending = ApiError(403, {"message": "no", "details": {"causes": [{"reason": "NamespaceTerminating"}]}})
    answers = [ending]

    def refuse_once(*_: Any) -> Object | None:
        if answers:
            raise answers.pop()
        return None

    cluster.hook = refuse_once
    objects(cluster).create(CONFIG_MAP, "m", Request())
    assert cluster.made("PATCH") == [PATH] * 2


def test_an_update_wins_over_what_a_person_set_by_hand_and_over_nobody_else(cluster: FakeCluster) -> None:
    managers = ["kubectl-edit"]

    def conflicts(method: str, path: str, query: Mapping[str, str | None], body: Object | None) -> Object | None:
        if query.get("force") == "false":
            raise conflict(*managers)
        return None

    cluster.hook = conflicts
    objects(cluster).update(CONFIG_MAP, "m", Request())
    assert [query["force"] for _, _, query in cluster.calls] == ["false", "true"]
    managers.append("kube-controller-manager")
    with pytest.raises(ProviderError, match="patchForce"):
        objects(cluster).update(CONFIG_MAP, "m", Request())


def test_a_creation_over_somebody_elses_fields_is_a_conflict(cluster: FakeCluster) -> None:
    def conflicts(*_: Any) -> Object | None:
        raise conflict("kubectl")

    cluster.hook = conflicts
    with pytest.raises(ProviderError, match="import the object"):
        objects(cluster).create(CONFIG_MAP, "m", Request())


def test_the_annotation_forces(cluster: FakeCluster) -> None:
    forced = {**CONFIG_MAP, "metadata": {**CONFIG_MAP["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}}
    objects(cluster).create(forced, "m", Request())
    assert cluster.calls[0][2]["force"] == "true"


def test_an_object_that_is_not_ready_in_time_is_given_back_with_the_reasons(cluster: FakeCluster) -> None:
    with pytest.raises(NotReadyError) as error:
        objects(cluster).create(JOB, "m", Request(timeout=0.2))
    assert error.value.live["metadata"]["name"] == "j"
    assert error.value.reasons[0].startswith("timed out after 0.2 s: 0 of 1 pods succeeded")


def test_a_wait_ends_when_the_object_is_ready(cluster: FakeCluster) -> None:
    def finish() -> None:
        cluster.objects[JOB_PATH]["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}

    threading.Timer(0.3, finish).start()
    live = objects(cluster).create(JOB, "m", Request(timeout=5))
    assert live["status"]["conditions"][0]["type"] == "Complete"


def test_a_cancel_ends_a_wait_and_keeps_the_object(cluster: FakeCluster) -> None:
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(CancelledError) as error:
        objects(cluster, cancelled).create(JOB, "m", Request(timeout=60))
    assert error.value.live["metadata"]["name"] == "j"


def test_an_object_that_is_deleted_while_it_is_waited_for_is_an_error(cluster: FakeCluster) -> None:
    threading.Timer(0.3, lambda: cluster.objects.pop(JOB_PATH)).start()
    with pytest.raises(NotReadyError, match="was deleted"):
        objects(cluster).create(JOB, "m", Request(timeout=60))


def test_deleting_what_is_gone_is_no_error(cluster: FakeCluster) -> None:
    objects(cluster).delete(CONFIG_MAP, "n/a", Request())
    objects(cluster).delete(THING, "t", Request())


def test_a_deletion_waits_until_the_object_is_gone(cluster: FakeCluster) -> None:
    held = {**CONFIG_MAP, "metadata": {**CONFIG_MAP["metadata"], "uid": "1", "finalizers": ["hold"]}}
    cluster.objects[PATH] = held

    def hold(method: str, path: str, query: Mapping[str, str | None], body: Object | None) -> Object | None:
        return held if method == "DELETE" else None

    cluster.hook = hold
    threading.Timer(0.3, lambda: cluster.objects.pop(PATH)).start()
    objects(cluster).delete(CONFIG_MAP, "n/a", Request(timeout=5))
    cluster.objects[PATH] = held
    with pytest.raises(ProviderError, match=r"still exists \(finalizers: hold\)"):
        objects(cluster).delete(CONFIG_MAP, "n/a", Request(timeout=0.2))


def test_an_object_that_came_back_under_the_same_name_counts_as_gone(cluster: FakeCluster) -> None:
    old = {**CONFIG_MAP, "metadata": {**CONFIG_MAP["metadata"], "uid": "1"}}
    cluster.objects[PATH] = {**CONFIG_MAP, "metadata": {**CONFIG_MAP["metadata"], "uid": "2"}}
    cluster.hook = lambda method, path, query, body: old if method == "DELETE" else None
    objects(cluster).delete(CONFIG_MAP, "n/a", Request(timeout=5))


def test_reading_what_is_not_there_gives_nothing(cluster: FakeCluster) -> None:
    assert objects(cluster).reader.read(Kind("v1", "ConfigMap"), "n/a") is None
    assert objects(cluster).reader.read(Kind("example.com/v1", "Thing"), "t") is None


def test_discovery_is_asked_once_for_a_group(cluster: FakeCluster) -> None:
    asked: list[str] = []
    original = cluster.request

    def counting(method: str, path: str, *rest: Any, **more: Any) -> Object:
        asked.append(path)
        return original(method, path, *rest, **more)

    cluster.request = counting  # type: ignore[method-assign]
    many = objects(cluster)
    for name in ("a", "b"):
        many.create({**CONFIG_MAP, "metadata": {"name": name, "namespace": "n"}}, "m", Request())
    assert asked.count("/api/v1") == 1


def test_ignored_fields_of_others_are_left_alone_and_own_ones_keep_their_live_value(cluster: FakeCluster) -> None:
    managed = [
        {"manager": "m", "fieldsV1": {"f:data": {"f:mine": {}}}},
        {"manager": "hpa", "fieldsV1": {"f:data": {"f:theirs": {}}}},
    ]
    live = {**CONFIG_MAP, "metadata": {**CONFIG_MAP["metadata"], "managedFields": managed}}
    cluster.objects[PATH] = {**live, "data": {"mine": "live", "theirs": "live"}}
    applied: list[Object] = []

    def remember(method: str, path: str, query: Mapping[str, str | None], body: Object | None) -> Object | None:
        if method == "PATCH" and body is not None:
            applied.append(body)
        return None

    cluster.hook = remember
    new = {**CONFIG_MAP, "data": {"mine": "new", "theirs": "new", "open": "new"}}
    objects(cluster).update(new, "m", Request(ignored=("data.mine", "data.theirs")))
    assert applied[0]["data"] == {"mine": "live", "open": "new"}
