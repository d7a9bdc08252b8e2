from typing import Any

from pulumi.automation.events import StepEventMetadata

from cairn.changes import LATER, Change, as_data, changes

KIND = "kubernetes:apps/v1:Deployment"


def step(old: dict[str, Any], new: dict[str, Any], *paths: str, kind: str = KIND, live: Any = None) -> Any:
    state = {"urn": "u", "type": kind}
    return StepEventMetadata.from_json(
        {
            "op": "update",
            "urn": "u",
            "type": kind,
            "old": {**state, "inputs": old, "outputs": live or old},
            "new": {**state, "inputs": new},
            "detailedDiff": {path: {"diffKind": "update", "inputDiff": True} for path in paths},
        }
    )


def test_a_field_is_shown_with_its_old_and_its_new_value() -> None:
    found = changes(step({"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, "spec.replicas"))
    assert [str(change) for change in found] == ["spec.replicas: 1 -> 2"]
    assert as_data(found) == [{"path": "spec.replicas", "old": 1, "new": 2}]


def test_lists_and_keys_with_dots_are_followed() -> None:
    old = {"spec": {"ports": [{"port": 1}]}, "metadata": {"labels": {"a.b/c": "x"}}}
    new = {"spec": {"ports": [{"port": 2}]}, "metadata": {"labels": {"a.b/c": "y"}}}
    found = changes(step(old, new, "spec.ports[0].port", 'metadata.labels["a.b/c"]'))
    assert [(change.old, change.new) for change in found] == [(1, 2), ("x", "y")]


def test_what_comes_or_goes_has_none_on_its_other_side() -> None:
    [come, gone] = changes(step({"a": 1}, {"b": 2}, "b", "a"))
    assert (str(come), str(gone)) == ("b: none -> 2", "a: 1 -> none")


def test_secrets_are_hidden_whether_the_engine_hid_them_or_not() -> None:
    found = changes(step({"data": {"k": "b2xk"}}, {"data": {"k": "bmV3"}}, "data.k", kind="kubernetes:core/v1:Secret"))
    assert found == (Change("data.k", "[secret]", "[secret]"),)
    [hidden] = changes(step({"kubeconfig": "[secret]"}, {"kubeconfig": "[secret]"}, "kubeconfig.users[0]"))
    assert "[secret] -> [secret]" in str(hidden)


def test_what_only_the_run_will_tell_is_said_so() -> None:
    [change] = changes(step({"ip": "10.0.0.1"}, {"ip": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}, "ip"))
    assert change.new == LATER


def test_what_somebody_changed_on_the_cluster_is_shown_as_it_is_there() -> None:
    same = {"spec": {"replicas": 1}}
    [change] = changes(step(same, same, "spec.replicas", live={"spec": {"replicas": 0}}))
    assert str(change) == "spec.replicas: 0 -> 1"


def test_without_paths_the_inputs_are_compared_and_the_providers_code_is_left_out() -> None:
    found = changes(step({"address": "a", "__provider": "x"}, {"address": "b", "__provider": "y"}))
    assert [change.path for change in found] == ["address"]


def test_a_long_value_is_cut_to_one_line() -> None:
    [change] = changes(step({"text": "a\n" * 100}, {"text": "short"}, "text"))
    assert len(str(change)) < 100 and "…" in str(change) and "\n" not in str(change)


def test_making_and_deleting_change_no_field() -> None:
    made = StepEventMetadata.from_json({"op": "create", "urn": "u", "type": KIND, "new": {"inputs": {"a": 1}}})
    assert changes(made) == ()
