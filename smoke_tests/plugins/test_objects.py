"""Objects on a real API server: their state, diffs, previews, drift and deletion, held against the official record."""

import base64
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, dynamic
from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes.values import UNKNOWN, Secret
from smoke_tests.plugins.objects import (
    CONFIG_MAP,
    DEFINITION,
    DEPLOYMENT,
    JOB,
    SECRET,
    config_map,
    definition,
    deployment,
    job,
)
from smoke_tests.plugins.provider import CallError, Provider
from smoke_tests.support.waiting import until

Change = provider_pb2.PropertyDiff


def find(api: client.ApiClient, api_version: str, kind: str, name: str, namespace: str = "") -> Any:
    resource = dynamic.DynamicClient(api).resources.get(api_version=api_version, kind=kind)
    try:
        return resource.get(name=name, namespace=namespace or None).to_dict()
    except dynamic.exceptions.NotFoundError:
        return None


def test_an_objects_state_has_the_recorded_form(provider: Provider, namespace: str) -> None:
    made = provider.create(CONFIG_MAP, "words", config_map(namespace, a="b"))
    assert made.id == f"{namespace}/words"
    assert made.inputs == {"apiVersion": "v1", "kind": "ConfigMap", **config_map(namespace, a="b")}
    outputs = made.outputs
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", str(outputs["__fieldManager"]))
    assert outputs["__initialApiVersion"] == "v1"
    assert outputs["__inputs"] == made.inputs
    assert set(outputs) == {
        "__fieldManager",
        "__initialApiVersion",
        "__inputs",
        "apiVersion",
        "kind",
        "metadata",
        "data",
    }
    metadata = outputs["metadata"]
    assert isinstance(metadata, dict)
    assert {"creationTimestamp", "managedFields", "resourceVersion", "uid", "name", "namespace"} <= set(metadata)
    assert metadata["managedFields"][0]["manager"] == outputs["__fieldManager"]


def test_a_cluster_wide_objects_id_is_its_name(provider: Provider) -> None:
    name = f"plugin-{uuid.uuid4().hex[:8]}"
    made = provider.create("core/v1:Namespace", "ns", {"metadata": {"name": name}})
    assert made.id == name
    assert made.outputs["status"] == {"phase": "Active"}
    provider.delete(made)


def test_an_autonamed_secret_is_as_in_the_record_and_keeps_its_data_secret(provider: Provider, namespace: str) -> None:
    made = provider.create(SECRET, "s", {"metadata": {"namespace": namespace}, "stringData": {"password": "hush"}})
    assert re.fullmatch(rf"{namespace}/s-[0-9a-f]{{8}}", made.id)
    data = Secret({"password": base64.b64encode(b"hush").decode()})
    assert made.inputs["data"] == made.outputs["data"] == data
    assert made.inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}  # type: ignore[index]
    assert made.outputs["type"] == "Opaque"
    found = provider.diff(made, {"metadata": {"namespace": namespace}, "stringData": {"password": "other"}})
    assert list(found.replaces) == ["data.password"]
    assert not found.deleteBeforeReplace


def test_equal_inputs_have_no_difference(provider: Provider, namespace: str) -> None:
    made = provider.create(DEPLOYMENT, "web", deployment(namespace))
    assert provider.diff(made, deployment(namespace)).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_differences_of_a_deployment_are_as_in_the_record(provider: Provider, namespace: str) -> None:
    made = provider.create(DEPLOYMENT, "web", deployment(namespace))
    scaled = provider.diff(made, deployment(namespace, replicas=2))
    assert {path: change.kind for path, change in scaled.detailedDiff.items()} == {"spec.replicas": Change.UPDATE}
    other = deployment(namespace)
    other["spec"]["template"]["spec"]["containers"][0]["command"] = ["sleep", "1001"]
    assert list(provider.diff(made, other).detailedDiff) == ["spec.template.spec.containers[0].command[1]"]
    relabelled = deployment(namespace)
    relabelled["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    relabelled["spec"]["template"]["metadata"] = {"labels": {"app": "other"}}
    found = provider.diff(made, relabelled)
    assert list(found.replaces) == ["spec.selector.matchLabels.app"]
    assert found.deleteBeforeReplace


def test_another_template_of_a_job_replaces_it(provider: Provider, namespace: str) -> None:
    made = provider.create(JOB, "once", job(namespace))
    found = provider.diff(made, job(namespace, command="true"))
    assert list(found.replaces) == ["spec.template.spec.containers[0].command[2]"]
    assert found.deleteBeforeReplace


def test_an_update_changes_the_object_and_removes_what_the_program_dropped(
    provider: Provider, api: client.ApiClient, namespace: str
) -> None:
    made = provider.create(CONFIG_MAP, "words", config_map(namespace, a="b", c="d"))
    provider.update(made, config_map(namespace, a="e"))
    assert find(api, "v1", "ConfigMap", "words", namespace)["data"] == {"a": "e"}


def test_a_preview_changes_nothing_and_shows_what_the_server_fills_in(
    provider: Provider, api: client.ApiClient, namespace: str
) -> None:
    made = provider.create(DEPLOYMENT, "web", deployment(namespace), preview=True)
    assert made.id == ""
    assert made.outputs["spec"]["progressDeadlineSeconds"] == 600  # type: ignore[index]
    assert "status" not in made.outputs
    assert find(api, "apps/v1", "Deployment", "web", namespace) is None


def test_a_preview_fails_with_the_words_of_the_server_that_would_refuse(provider: Provider, namespace: str) -> None:
    with pytest.raises(CallError, match="selector"):
        broken = deployment(namespace)
        broken["spec"]["selector"] = {"matchLabels": {"app": "other"}}
        provider.create(DEPLOYMENT, "web", broken, preview=True)
    made = provider.create(CONFIG_MAP, "words", config_map(namespace, a="b"))
    with pytest.raises(CallError, match="a/b/c"):
        provider.update(made, {**config_map(namespace), "data": {"a/b/c": "d"}}, preview=True)


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("absent.example.com/v1:Thing", {"metadata": {"name": "a"}, "spec": {"size": 1}}),
        (CONFIG_MAP, config_map("there-is-no-such-namespace")),
        (CONFIG_MAP, {"metadata": {"name": "a"}, "data": {"a": UNKNOWN}}),
    ],
)
def test_the_preview_of_what_the_server_cannot_know_yet_succeeds(
    provider: Provider, kind: str, inputs: dict[str, Any]
) -> None:
    made = provider.create(kind, "a", inputs, preview=True)
    assert made.outputs == made.inputs


def test_the_preview_of_a_replacement_of_an_immutable_field_succeeds(provider: Provider, namespace: str) -> None:
    provider.create(DEPLOYMENT, "web", deployment(namespace))
    relabelled = deployment(namespace)
    relabelled["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    relabelled["spec"]["template"]["metadata"] = {"labels": {"app": "other"}}
    assert provider.create(DEPLOYMENT, "web", relabelled, preview=True).outputs["metadata"]["name"] == "web"  # type: ignore[index]


@pytest.fixture
def group(provider: Provider) -> Iterator[str]:
    """The group of a kind Thing that is defined for one test."""
    name = f"g{uuid.uuid4().hex[:8]}.example.com"
    made = provider.create(DEFINITION, "definition", definition(name))
    yield name
    provider.delete(made)


def test_a_custom_resource_is_made_as_soon_as_its_definition_is(provider: Provider, group: str, namespace: str) -> None:
    thing = {"metadata": {"name": "t", "namespace": namespace}, "spec": {"size": 3}}
    made = provider.create(f"{group}/v1:Thing", "t", thing)
    assert made.outputs["spec"] == {"size": 3}
    renamed = provider.diff(made, {**thing, "metadata": {"name": "u", "namespace": namespace}})
    assert list(renamed.replaces) == ["metadata.name"]
    assert not renamed.deleteBeforeReplace
    with pytest.raises(CallError, match="less than or equal to 5"):
        provider.update(made, {**thing, "spec": {"size": 6}}, preview=True)
    provider.delete(made)


def test_a_changed_definition_is_updated_in_place(provider: Provider, group: str) -> None:
    changed = definition(group)
    changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"] = {
        "type": "integer"
    }
    made = provider.read(DEFINITION, "definition", f"things.{group}")
    assert not provider.diff(made, {**made.inputs, **changed}).replaces
    outputs = provider.update(made, changed).outputs
    size = outputs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"]  # type: ignore[index]
    assert size == {"type": "integer"}


def test_a_refresh_sees_drift_and_an_update_takes_it_back(
    provider: Provider, api: client.ApiClient, namespace: str
) -> None:
    made = provider.create(DEPLOYMENT, "web", deployment(namespace))
    client.AppsV1Api(api).patch_namespaced_deployment_scale(
        "web", namespace, {"spec": {"replicas": 2}}, field_manager="kubectl-scale"
    )
    apps = client.AppsV1Api(api)
    until(lambda: apps.read_namespaced_deployment_status("web", namespace).status.ready_replicas == 2, 60, "two pods")
    seen = provider.read(DEPLOYMENT, "web", made.id, made)
    assert seen.inputs["spec"]["replicas"] == 2  # type: ignore[index]
    assert list(provider.diff(seen, deployment(namespace)).detailedDiff) == ["spec.replicas"]
    assert provider.update(seen, deployment(namespace)).outputs["spec"]["replicas"] == 1  # type: ignore[index]


def test_a_refresh_of_an_unchanged_object_shows_no_difference(provider: Provider, namespace: str) -> None:
    inputs = deployment(namespace)
    resources = {"requests": {"cpu": "10m", "memory": "0.5Mi"}, "limits": {"cpu": 1}}
    inputs["spec"]["template"]["spec"]["containers"][0]["resources"] = resources
    inputs["spec"]["template"]["spec"]["hostNetwork"] = False
    made = provider.create(DEPLOYMENT, "web", inputs)
    seen = provider.read(DEPLOYMENT, "web", made.id, made)
    assert seen.inputs == made.inputs
    assert provider.diff(seen, inputs).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_refresh_of_an_object_that_is_gone_says_so(provider: Provider, api: client.ApiClient, namespace: str) -> None:
    made = provider.create(CONFIG_MAP, "words", config_map(namespace))
    client.CoreV1Api(api).delete_namespaced_config_map("words", namespace)
    assert provider.read(CONFIG_MAP, "words", made.id, made).id == ""
    provider.delete(made)


def test_an_object_that_was_made_by_hand_is_imported_and_then_changed(
    provider: Provider, api: client.ApiClient, namespace: str
) -> None:
    body = {"metadata": {"name": "words"}, "data": {"a": "b"}}
    client.CoreV1Api(api).create_namespaced_config_map(namespace, body, field_manager="kubectl-create")
    made = provider.read(CONFIG_MAP, "words", f"{namespace}/words")
    assert made.inputs == {"apiVersion": "v1", "kind": "ConfigMap", **config_map(namespace, a="b")}
    assert provider.diff(made, made.inputs).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert provider.update(made, config_map(namespace, a="c")).outputs["data"] == {"a": "c"}


def test_fields_of_another_manager_are_a_conflict_with_advice(
    provider: Provider, api: client.ApiClient, namespace: str
) -> None:
    made = provider.create(CONFIG_MAP, "words", config_map(namespace, a="b"))
    client.CoreV1Api(api).patch_namespaced_config_map(
        "words", namespace, {"data": {"a": "theirs"}}, field_manager="their-controller"
    )
    with pytest.raises(CallError, match=r"their-controller.*patchForce"):
        provider.update(made, config_map(namespace, a="mine"))


def test_an_object_that_was_made_but_not_recorded_is_taken_up(provider: Provider, namespace: str) -> None:
    first = provider.create(CONFIG_MAP, "words", config_map(namespace, a="b"))
    second = provider.create(CONFIG_MAP, "words", config_map(namespace, a="c"))
    assert second.outputs["metadata"]["uid"] == first.outputs["metadata"]["uid"]  # type: ignore[index]
    assert second.outputs["data"] == {"a": "c"}


def test_a_deletion_waits_until_the_object_is_gone(provider: Provider, api: client.ApiClient, namespace: str) -> None:
    made = provider.create(DEPLOYMENT, "web", deployment(namespace))
    provider.delete(made)
    assert find(api, "apps/v1", "Deployment", "web", namespace) is None
    assert not client.CoreV1Api(api).list_namespaced_pod(namespace).items


def test_a_deletion_that_is_held_up_names_what_holds_it(
    provider: Provider, api: client.ApiClient, namespace: str
) -> None:
    inputs = config_map(namespace)
    inputs["metadata"]["finalizers"] = ["example.com/hold"]
    made = provider.create(CONFIG_MAP, "words", inputs)
    with pytest.raises(CallError, match=r"still exists \(finalizers: .*example.com/hold"):
        provider.delete(made, timeout=1)
    client.CoreV1Api(api).patch_namespaced_config_map("words", namespace, {"metadata": {"finalizers": None}})
    provider.delete(made)


def test_functions_are_refused_by_name(provider: Provider) -> None:
    with pytest.raises(CallError, match="kubernetes:helm:template"):
        provider.invoke("kubernetes:helm:template")


def test_a_field_that_does_not_exist_is_refused_with_the_servers_words(
    provider: Provider, group: str, namespace: str
) -> None:
    thing = {"metadata": {"name": "t", "namespace": namespace}, "spec": {"sise": 3}}
    with pytest.raises(CallError, match=r"\.spec\.sise: field not declared in schema"):
        provider.create(f"{group}/v1:Thing", "t", thing)
