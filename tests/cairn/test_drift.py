from collections.abc import Iterator
from typing import Any

import pytest

from cairn.drift import Drift, differs, drift
from tests.fake_api import FakeApi, fake_api

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "access", "namespace": "team-a"}}
QUOTA = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team", "namespace": "team-a"}}
LABELS = {"labels": {"cairn/environment": "dev"}}
HARD, NORMAL = {"cpu": "1000m", "pods": "5"}, {"cpu": "1", "pods": "5"}


def resource(kind: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"kubernetes:core/v1:{kind}", "inputs": inputs, "outputs": {**outputs, "__inputs": inputs}}


STATE = [
    {"type": "pulumi:pulumi:Stack", "outputs": {}},
    resource("Secret", {**SECRET, "stringData": {"a": "b"}}, {**SECRET, "data": {"a": "Yg=="}}),
    resource("ResourceQuota", {**QUOTA, "spec": {"hard": HARD}}, {**QUOTA, "spec": {"hard": NORMAL}, "status": {}}),
    {"type": "kubernetes:helm.sh/v3:Release", "inputs": {}, "outputs": {"resourceNames": {"Service/v1": ["ray/s"]}}},
]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        kinds = {"Secret": "secrets", "ResourceQuota": "resourcequotas", "Service": "services"}
        resources = [{"kind": kind, "name": name, "namespaced": True} for kind, name in kinds.items()]
        running.objects |= {
            "/version": {},
            "/api/v1": {"resources": resources},
            "/api/v1/secrets": {"items": [{"metadata": SECRET["metadata"], "data": {"a": "Yg=="}}]},
            "/api/v1/resourcequotas": {
                "items": [{"metadata": QUOTA["metadata"], "spec": {"hard": NORMAL}, "status": {"used": {"pods": "1"}}}]
            },
            "/api/v1/namespaces/ray/services": {"items": [{"metadata": {"name": "s"}}]},
        }
        yield running


def test_a_cluster_that_is_as_the_state_says_has_no_drift(api: FakeApi) -> None:
    assert drift("dev", STATE, api.kubeconfig) == Drift()
    assert any("labelSelector=cairn/environment%3Ddev" in path for _, path in api.calls)


def test_an_object_that_is_gone_is_told_and_pulumi_refreshes(api: FakeApi) -> None:
    api.objects["/api/v1/secrets"] = {"items": []}
    assert drift("dev", STATE, api.kubeconfig) == Drift(("Secret team-a/access is gone",), refresh=True)


def test_an_object_that_was_changed_is_told_and_pulumi_refreshes(api: FakeApi) -> None:
    api.objects["/api/v1/resourcequotas"]["items"][0]["spec"] = {"hard": {"cpu": "8", "pods": "5"}}
    assert drift("dev", STATE, api.kubeconfig) == Drift(("ResourceQuota team-a/team was changed",), refresh=True)


def test_what_is_gone_of_a_release_is_told_and_left_to_its_gate(api: FakeApi) -> None:
    api.objects["/api/v1/namespaces/ray/services"] = {"items": []}
    assert drift("dev", STATE, api.kubeconfig) == Drift(("Service ray/s is gone",), refresh=False)


def test_nothing_is_told_of_a_cluster_that_does_not_answer(api: FakeApi) -> None:
    assert drift("dev", STATE, FakeApi(1).kubeconfig) == Drift()
    assert drift("dev", STATE, None) == Drift()
    api.refusals["/api/v1"] = (500, "no")
    assert drift("dev", STATE, api.kubeconfig) == Drift()


@pytest.mark.parametrize(
    ("wanted", "recorded", "live", "changed"),
    [
        ({"cpu": "1000m"}, {"cpu": "1"}, {"cpu": "1"}, False),
        ({"cpu": "1000m"}, {"cpu": "1"}, {}, True),
        ({"a": 1}, {"a": 1, "added": 2}, {"a": 1, "added": 3}, False),
        ({"a": 1}, {}, {"a": 2}, False),
        ([{"name": "x"}], [{"name": "x", "defaulted": 1}], [{"name": "x"}], False),
        ([{"name": "x"}], [{"name": "x"}], [{"name": "x"}, {"name": "y"}], True),
        ({"a": {"b": 1}}, {"a": {"b": 1}}, {"a": None}, True),
    ],
)
def test_fields_that_were_asked_for_are_held_to_what_the_server_made_of_them(
    wanted: Any, recorded: Any, live: Any, changed: bool
) -> None:
    assert differs(wanted, recorded, live) is changed
