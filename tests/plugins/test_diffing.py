"""Diff: changed paths and replacements, as the official plug-in was seen to report them."""

import copy
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes import immutable
from plugins.kubernetes.diffing import Difference, compare, diff_objects
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.values import UNKNOWN

Change = provider_pb2.PropertyDiff
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "try"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "busybox:1", "command": ["sleep", "1000", "x"]}]},
        },
    },
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s-61cc10f2", "namespace": "try", "annotations": {"pulumi.com/autonamed": "true"}},
    "data": {"password": "YQ=="},
}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "j", "namespace": "try"},
    "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "a"}]}}},
}
FLAVOR = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor", "metadata": {"name": "default"}}
MISSING = object()


def changed(obj: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    result = copy.deepcopy(obj)
    *steps, last = path.split(".")
    target: Any = result
    for step in steps:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if value is MISSING:
        del target[last]
    else:
        target[int(last) if isinstance(target, list) else last] = value
    return result


def difference(old: dict[str, Any], new: dict[str, Any], mutable: tuple[str, ...] = ()) -> Difference:
    return diff_objects(old, new, old, immutable.fields(Kind.of(new), mutable))


def test_equal_inputs_have_no_difference() -> None:
    response = difference(DEPLOYMENT, copy.deepcopy(DEPLOYMENT)).response()
    assert response.changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("old", "path", "value", "expected", "replaced", "deleted_first"),
    [
        (DEPLOYMENT, "spec.replicas", 2, "spec.replicas", False, False),
        (
            DEPLOYMENT,
            "spec.template.spec.containers.0.command.2",
            "y",
            "spec.template.spec.containers[0].command[2]",
            False,
            False,
        ),
        (DEPLOYMENT, "spec.selector.matchLabels.a", "c", "spec.selector.matchLabels.a", True, True),
        (JOB, "spec.template.spec.containers.0.image", "b", "spec.template.spec.containers[0].image", True, True),
        (SECRET, "data.password", "Yg==", "data.password", True, False),
        (SECRET, "data.more", "Yg==", "data.more", True, False),
        (FLAVOR, "metadata.name", "other", "metadata.name", True, False),
        (DEPLOYMENT, "metadata.namespace", "else", "metadata.namespace", True, False),
        (DEPLOYMENT, "spec.selector", MISSING, "spec.selector", True, True),
    ],
)
def test_changes_are_named_and_replace_as_the_official_plug_in_does(
    old: dict[str, Any], path: str, value: object, expected: str, replaced: bool, deleted_first: bool
) -> None:
    found = difference(old, changed(old, path, value))
    assert list(found.changes) == [expected]
    assert found.replaces == ([expected] if replaced else [])
    assert found.delete_before_replace is deleted_first


def test_a_changed_selector_of_an_autonamed_object_is_created_first() -> None:
    old = changed(DEPLOYMENT, "metadata.annotations", {"pulumi.com/autonamed": "true"})
    found = difference(old, changed(old, "spec.selector.matchLabels.a", "c"))
    assert found.replaces
    assert not found.delete_before_replace


def test_data_of_a_config_map_replaces_unless_the_provider_says_otherwise() -> None:
    old = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}
    new = changed(old, "data.a", "c")
    assert difference(old, new).delete_before_replace
    assert difference(old, new, mutable=("ConfigMap",)).replaces == []


def test_a_parent_that_brings_an_immutable_field_with_it_replaces() -> None:
    old = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    assert difference(old, {**old, "spec": {"clusterIP": "None"}}).replaces == ["spec"]
    assert difference(old, {**old, "spec": {"type": "ClusterIP"}}).replaces == []


def test_an_image_of_a_pod_replaces_and_its_active_deadline_does_not() -> None:
    old = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "c", "image": "a"}]},
    }
    new = changed(old, "spec.containers.0.image", "b")
    assert difference(old, new).replaces == ["spec.containers[0].image"]
    assert difference(old, changed(old, "spec.activeDeadlineSeconds", 5)).replaces == []


def test_added_and_removed_elements_are_named() -> None:
    kinds = compare({"a": [1, 2, 3], "b": [1]}, {"a": [1], "b": [1, 2]})
    assert kinds == {"a[1]": Change.DELETE, "a[2]": Change.DELETE, "b[1]": Change.ADD}


def test_names_with_dots_are_quoted() -> None:
    assert list(compare({"labels": {}}, {"labels": {"a.b/c": "d"}})) == ['labels["a.b/c"]']


def test_a_value_that_is_not_known_yet_is_a_change() -> None:
    assert compare({"a": 1}, {"a": UNKNOWN, "b": UNKNOWN}) == {"a": Change.UPDATE, "b": Change.ADD}


def test_true_is_not_one() -> None:
    assert compare({"a": 1}, {"a": True}) == {"a": Change.UPDATE}


def test_the_default_namespace_may_be_named_or_left_out() -> None:
    old = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert difference(old, {**old, "metadata": {"name": "a", "namespace": "default"}}).changes == {}


def test_the_response_tells_the_engine_the_details() -> None:
    response = difference(DEPLOYMENT, changed(DEPLOYMENT, "spec.selector.matchLabels.a", "c")).response()
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(response.diffs) == ["spec"]
    assert list(response.replaces) == ["spec.selector.matchLabels.a"]
    assert response.deleteBeforeReplace
    assert response.detailedDiff["spec.selector.matchLabels.a"].kind == Change.UPDATE_REPLACE
