"""The outputs, held against the record of what the official plug-in leaves in the state."""

import re

from plugins.kubernetes.applying import field_manager
from plugins.kubernetes.state import inputs_of, live_of, outputs
from plugins.kubernetes.values import Secret

URN = "urn:pulumi:rec::spike::kubernetes:core/v1:Namespace::kueue-system"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kueue-system"}}
LIVE = {
    **NAMESPACE,
    "metadata": {"name": "kueue-system", "uid": "07bb63de"},
    "spec": {"finalizers": ["kubernetes"]},
    "status": {"phase": "Active"},
}


def test_outputs_are_the_live_object_and_what_it_was_made_from() -> None:
    manager = field_manager(URN, NAMESPACE)
    found = outputs(dict(NAMESPACE), LIVE, "v1", manager)
    assert found == {**LIVE, "__inputs": NAMESPACE, "__initialApiVersion": "v1", "__fieldManager": manager}


def test_the_field_manager_has_the_official_form_and_is_the_same_at_every_try() -> None:
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", field_manager(URN, NAMESPACE))
    assert field_manager(URN, NAMESPACE) == field_manager(URN, NAMESPACE)
    assert field_manager(URN, NAMESPACE) != field_manager(URN + "-2", NAMESPACE)


def test_the_recorded_field_manager_is_kept_and_the_annotation_wins() -> None:
    assert field_manager(URN, NAMESPACE, "pulumi-kubernetes-13a90631") == "pulumi-kubernetes-13a90631"
    annotated = {**NAMESPACE, "metadata": {"annotations": {"pulumi.com/patchFieldManager": "mine"}}}
    assert field_manager(URN, annotated, "pulumi-kubernetes-13a90631") == "mine"


def test_all_data_of_a_secret_is_secret_in_inputs_and_outputs_and_so_is_kubectls_copy() -> None:
    last = "kubectl.kubernetes.io/last-applied-configuration"
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"p": "aHVzaA=="}}
    live = {**inputs, "metadata": {"name": "s", "annotations": {last: '{"p":"aHVzaA=="}'}}}
    found = outputs(dict(inputs), live, "v1", "m")
    assert found["data"] == Secret({"p": "aHVzaA=="})
    assert "aHVzaA==" not in repr(found)


def test_recorded_inputs_come_from_the_engine_or_else_from_the_outputs() -> None:
    assert inputs_of({"a": 1}, {"__inputs": {"b": 2}}) == {"a": 1}
    assert inputs_of({}, {"__inputs": {"b": 2}}) == {"b": 2}
    assert inputs_of({}, {"__inputs": Secret({"b": 2})}) == {"b": 2}
    assert inputs_of({}, {}) == {}


def test_the_live_object_is_read_back_out_of_the_outputs() -> None:
    assert live_of(outputs(dict(NAMESPACE), LIVE, "v1", "m")) == LIVE
