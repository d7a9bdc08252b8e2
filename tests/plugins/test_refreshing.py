"""What a refresh and an import read out of a live object."""

from plugins.kubernetes import quantities
from plugins.kubernetes.pruning import imported_inputs, live_inputs

LIVE = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "try",
        "uid": "1",
        "resourceVersion": "2",
        "generation": 1,
        "creationTimestamp": "now",
        "managedFields": [],
        "annotations": {"deployment.kubernetes.io/revision": "1"},
    },
    "spec": {
        "replicas": 3,
        "progressDeadlineSeconds": 600,
        "template": {"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}, "tty": True}]}},
    },
    "status": {"replicas": 3},
}


def test_drift_shows_and_what_the_api_server_filled_in_does_not() -> None:
    inputs = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1}}
    assert live_inputs(LIVE, inputs) == {
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 3},
    }


def test_a_field_that_was_removed_on_the_cluster_is_left_out() -> None:
    inputs = {"metadata": {"name": "web", "labels": {"a": "b"}}}
    assert live_inputs(LIVE, inputs) == {"metadata": {"name": "web"}}


def test_a_default_that_the_api_server_does_not_write_is_no_drift() -> None:
    inputs = {"spec": {"template": {"spec": {"hostNetwork": False}}}}
    assert live_inputs(LIVE, inputs) == inputs


def test_an_element_that_was_added_on_the_cluster_is_drift() -> None:
    live = {"spec": {"containers": [{"name": "c"}, {"name": "sidecar"}]}}
    assert live_inputs(live, {"spec": {"containers": [{"name": "c"}]}}) == live


def test_another_spelling_of_a_quantity_is_no_drift() -> None:
    inputs = {"spec": {"template": {"spec": {"containers": [{"resources": {"requests": {"cpu": "1000m"}}}]}}}}
    assert live_inputs(LIVE, inputs) == inputs


def test_texts_that_only_look_alike_differ() -> None:
    assert quantities.same("0.5Gi", "512Mi")
    assert quantities.same("1e3", "1k")
    assert not quantities.same("1", "2")
    assert not quantities.same("a", "b")
    assert not quantities.same(1, True)


def test_an_import_takes_all_but_what_the_api_server_fills_in() -> None:
    assert imported_inputs(LIVE) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "try"},
        "spec": LIVE["spec"],
    }
