import base64
import gzip
import json
from typing import Any

import pytest
import yaml

from installer import gate
from installer.gate import ReadyProvider
from installer.presence import Name, absent
from installer.release import make_again, names
from modules.contract.api import connect
from tests.fake_api import FakeApi

RBAC = "rbac.authorization.k8s.io/v1"
OPERATOR = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "operator"}}
ROLE = {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "operator"}}
INSTALLED = {
    "Deployment.apps/apps/v1": ["ray/operator"],
    f"ClusterRole.rbac.authorization.k8s.io/{RBAC}": ["operator"],
}
DEPLOYMENTS, ROLES = "/apis/apps/v1/namespaces/ray/deployments", f"/apis/{RBAC}/clusterroles"
RECORDS = "/api/v1/namespaces/ray/secrets"


def listing(*names: str, **metadata: Any) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": name, **metadata}} for name in names]}


def record(version: int, *objects: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps({"manifest": yaml.safe_dump_all(objects)}).encode()
    packed = base64.b64encode(base64.b64encode(gzip.compress(content))).decode()
    return {"metadata": {"labels": {"version": str(version)}}, "data": {"release": packed}}


@pytest.fixture(autouse=True)
def _cluster(api: FakeApi) -> None:
    api.objects["/apis/apps/v1"] = {"resources": [{"kind": "Deployment", "name": "deployments", "namespaced": True}]}
    api.objects[f"/apis/{RBAC}"] = {"resources": [{"kind": "ClusterRole", "name": "clusterroles", "namespaced": False}]}
    api.objects |= {DEPLOYMENTS: listing("operator"), ROLES: listing("operator"), "/version": {}}
    # Later versions sort as numbers, not as text.
    api.objects[RECORDS] = {"items": [record(10, ROLE, OPERATOR), record(9, ROLE)]}


def test_what_a_release_installed_is_read_from_its_output() -> None:
    assert names(INSTALLED) == [
        Name("apps/v1", "Deployment", "ray", "operator"),
        Name(RBAC, "ClusterRole", "", "operator"),
    ]


def test_objects_that_are_there_are_not_absent_and_those_on_their_way_out_are(api: FakeApi) -> None:
    client = connect(api.kubeconfig)
    assert absent(client, names(INSTALLED)) == []
    api.objects[ROLES] = listing("operator", deletionTimestamp="2026-01-01")
    assert list(map(str, absent(client, names(INSTALLED)))) == ["ClusterRole operator"]
    api.objects[ROLES] = listing("operator")
    assert absent(client, [Name(RBAC, "ClusterRole", "ray", "operator")]) == [], "which lies in no namespace"
    del api.objects["/apis/apps/v1"]
    assert [each.kind for each in absent(client, names(INSTALLED))] == ["Deployment"], "a kind that nobody has"


def test_what_a_release_lacks_is_made_again_as_helm_recorded_it(api: FakeApi) -> None:
    api.objects[DEPLOYMENTS] = {"items": None}
    assert list(map(str, make_again(connect(api.kubeconfig), "kuberay", "ray"))) == ["Deployment ray/operator"]
    [made] = api.made
    assert made["metadata"] == {
        "name": "operator",
        "namespace": "ray",
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "kuberay", "meta.helm.sh/release-namespace": "ray"},
    }
    assert [path for method, path in api.calls if method == "POST"] == [f"{DEPLOYMENTS}?fieldManager=helm"]


def test_what_is_on_its_way_out_is_left_for_later(api: FakeApi) -> None:
    api.objects[DEPLOYMENTS] = listing("operator", deletionTimestamp="2026-01-01")
    client = connect(api.kubeconfig)
    refuse = api.answer

    def answer(method: str, path: str) -> tuple[int, dict[str, Any]]:
        return (409, {"message": "object is being deleted"}) if method == "POST" else refuse(method, path)

    api.answer = answer  # type: ignore[method-assign]
    assert make_again(client, "kuberay", "ray") == []


def test_pods_of_an_account_that_is_made_again_are_made_anew_for_its_tokens(api: FakeApi) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}}
    pod = "/api/v1/namespaces/ray/pods/one"
    api.objects |= {
        "/api/v1": {"resources": [{"kind": "ServiceAccount", "name": "serviceaccounts", "namespaced": True}]},
        "/api/v1/namespaces/ray/serviceaccounts": {"items": None},
        "/api/v1/namespaces/ray/pods": listing("one"),
        RECORDS: {"items": [record(1, account)]},
        pod: {},
    }
    make_again(connect(api.kubeconfig), "kuberay", "ray")
    assert ("DELETE", pod) in api.calls
    assert any("serviceAccountName%3Doperator" in path for _, path in api.calls)


def test_a_release_that_helm_does_not_know_has_nothing_to_make(api: FakeApi) -> None:
    api.objects |= {RECORDS: {"items": []}, DEPLOYMENTS: listing()}
    assert make_again(connect(api.kubeconfig), "kuberay", "ray") == []


def props(api: FakeApi, seconds: int) -> dict[str, Any]:
    return {
        **{"module": "ray", "namespace": "ray", "kubeconfig": api.kubeconfig, "cluster": "c", "contents": "x"},
        **{"seconds": seconds, "release": "kuberay", "installed": INSTALLED},
        "checks": [{"check": "exists", "api_version": "v1", "resource": "configmaps", "name": "late"}],
    }


def test_a_gate_opens_again_when_something_of_its_release_is_gone(api: FakeApi) -> None:
    api.objects["/api/v1/configmaps/late"] = {}
    made = props(api, 1)
    assert not ReadyProvider().diff("ray", made, made).changes
    api.objects[DEPLOYMENTS] = listing()
    assert ReadyProvider().diff("ray", made, made).changes
    unknown = {**made, "installed": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}
    assert not ReadyProvider().diff("ray", made, unknown).changes


def test_an_update_makes_again_what_the_release_lacks_before_it_waits(api: FakeApi) -> None:
    api.objects["/api/v1/configmaps/late"] = {}
    api.objects[DEPLOYMENTS] = listing()
    ReadyProvider().update("ray", {}, props(api, 1))
    assert [each["metadata"]["name"] for each in api.made] == ["operator"]


def test_a_fresh_release_is_looked_after_only_when_its_gate_stays_shut(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.objects[DEPLOYMENTS] = listing()
    api.objects["/api/v1/configmaps/late"] = {}
    ReadyProvider().create(props(api, 1))
    assert api.made == []
    monkeypatch.setattr(gate, "LOOK_SECONDS", 0)
    ReadyProvider().create(props(api, 1))
    assert len(api.made) == 1
