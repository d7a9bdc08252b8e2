from typing import Any

import pytest

from cairn import losses as asking
from cairn.at_stake import at_stake
from cairn.custom_objects import end, made_by_people
from cairn.errors import UserError
from cairn.losses import Losses, consent, losses
from cairn.plan import Request, settle
from modules.contract.api import connect
from profiles.load import load
from tests.fake_api import FakeApi, fake_api

LAPTOP = load("laptop", {"modules.gateway": {}})
RAY = {"rayclusters.ray.io", "rayjobs.ray.io", "rayservices.ray.io"}
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def gone(overrides: dict[str, object], before: dict[str, object] | None = None) -> Losses:
    return losses(load("laptop", before), load("laptop", overrides), "dev")


def test_the_same_profile_loses_nothing_and_more_of_it_neither() -> None:
    assert not gone({})
    assert not gone({"cluster.workers": 2, "modules.metrics": None})


def test_a_team_that_goes_loses_its_namespace() -> None:
    assert gone({"teams.team-b": None}) == Losses(namespaces=("team-b",))


def test_another_profile_loses_the_servers_with_volumes_and_what_people_made() -> None:
    lost = losses(LAPTOP, load("mini"), "dev")
    assert {"database", "object-store"} <= set(lost.namespaces)
    assert "metrics" not in lost.namespaces
    assert "inferenceservices.serving.kserve.io" in lost.definitions
    assert not set(lost.definitions) & RAY


def test_a_module_that_is_off_loses_what_people_made_of_its_kinds() -> None:
    assert set(gone({"modules.ray": None}).definitions) == RAY
    held = losses(load("laptop"), load("laptop", {"modules.ray": None}), "dev", frozenset({"ray"}))
    assert not held, "somebody else's module stays, with all that is of it"


@pytest.mark.parametrize("key", ["cluster.address_range", "cluster.service_range", "cluster.egress"])
def test_what_makes_a_local_cluster_anew_loses_all_of_it(key: str) -> None:
    value = {"cluster.egress": True}.get(key, "10.99.0.0/24")
    lost = gone({key: value})
    assert lost.cluster
    assert {"team-a", "database"} <= set(lost.namespaces)


def test_a_node_that_goes_is_named() -> None:
    assert gone({"cluster.workers": 2}, {"cluster.workers": 3}) == Losses(nodes=("dev-worker-3",))


def volume(name: str, namespace: str, node: str) -> dict[str, Any]:
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]
    spec = {"claimRef": {"namespace": namespace, "name": name}, "capacity": {"storage": "1Gi"}}
    return {
        "metadata": {"name": f"pv-{name}"},
        "spec": {**spec, "nodeAffinity": {"required": {"nodeSelectorTerms": terms}}},
    }


def pod(name: str, phase: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "team-b"}, "status": {"phase": phase}}


def job(name: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "team-a", **metadata}}


@pytest.fixture
def api() -> Any:
    with fake_api() as running:
        running.objects["/api/v1/persistentvolumes"] = {
            "items": [volume("data", "team-b", "dev-worker-2"), volume("kept", "team-a", "dev-worker-1")]
        }
        running.objects["/api/v1/namespaces/team-b/pods"] = {
            "items": [pod(f"p{n}", "Running") for n in range(7)] + [pod("old", "Succeeded")]
        }
        kinds = {"rayjobs": "RayJob", "rayclusters": "RayCluster"}
        for plural, kind in kinds.items():
            running.objects[f"{DEFINITIONS}/{plural}.ray.io"] = {
                "spec": {
                    "group": "ray.io",
                    "names": {"kind": kind, "plural": plural},
                    "versions": [{"name": "v1alpha1", "storage": False}, {"name": "v1", "storage": True}],
                }
            }
        owner = {"kind": "RayJob", "apiVersion": "ray.io/v1", "name": "train"}
        running.objects["/apis/ray.io/v1/rayjobs"] = {"items": [job("train")]}
        running.objects["/apis/ray.io/v1/rayclusters"] = {
            "items": [
                job("train-x", ownerReferences=[owner]),
                job("by-hand"),
                job("ours", labels={"cairn/environment": "dev"}),
            ]
        }
        for plural, name in (("rayjobs", "train"), ("rayclusters", "by-hand")):
            running.objects[f"/apis/ray.io/v1/namespaces/team-a/{plural}/{name}"] = {}
        yield running


def test_what_runs_and_lies_in_a_namespace_is_named(api: FakeApi) -> None:
    lines = at_stake(connect(api.kubeconfig), Losses(namespaces=("team-b",)))
    assert lines[:3] == ["namespace team-b", "  volume team-b/data  1Gi", "  pod team-b/p0"]
    assert lines[-1] == "  and 2 more pods"


def test_a_node_is_named_for_the_volumes_on_its_disk_and_not_without_any(api: FakeApi) -> None:
    lines = at_stake(connect(api.kubeconfig), Losses(nodes=("dev-worker-2", "dev-worker-3")))
    assert lines == ["node dev-worker-2", "  volume team-b/data  1Gi"]


def test_a_cluster_is_named_with_every_volume(api: FakeApi) -> None:
    lines = at_stake(connect(api.kubeconfig), Losses(cluster=True))
    assert "  volume team-a/kept  1Gi" in lines


def test_objects_that_people_made_are_named_and_not_what_belongs_to_them_or_to_cairn(api: FakeApi) -> None:
    lost = Losses(definitions=("rayclusters.ray.io", "rayjobs.ray.io", "gone.ray.io"))
    assert at_stake(connect(api.kubeconfig), lost) == ["RayCluster team-a/by-hand", "RayJob team-a/train"]


def test_ending_objects_waits_until_each_is_gone(api: FakeApi) -> None:
    client = connect(api.kubeconfig)
    found = made_by_people(client, ["rayclusters.ray.io", "rayjobs.ray.io"])
    end(client, found)
    assert [path for method, path in api.calls if method == "DELETE"] == [each.path for each in found]
    assert not any(each.path in api.objects for each in found)


def test_an_object_that_does_not_go_is_named(api: FakeApi) -> None:
    client = connect(api.kubeconfig)
    found = made_by_people(client, ["rayjobs.ray.io"])
    api.held = {each.path for each in found}
    with pytest.raises(UserError, match="1 object did not end") as caught:
        end(client, found, seconds=0)
    assert caught.value.where == "RayJob team-a/train"


def test_nobody_to_ask_is_a_refusal_with_the_command_that_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "interactive", lambda: False)
    with pytest.raises(UserError) as refused:
        consent("dev", ["namespace team-b"], False, "cairn up mini --name dev")
    assert refused.value.where == "namespace team-b"
    assert "cairn up mini --name dev --yes" in refused.value.fix
    consent("dev", ["namespace team-b"], True, "cairn up mini --name dev")


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_the_answer_counts(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr(asking, "interactive", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer)
    if answer:
        consent("dev", ["namespace team-b"], False, "cairn up")
        return
    with pytest.raises(UserError, match="nothing was changed") as refused:
        consent("dev", ["namespace team-b"], False, "cairn up")
    assert refused.value.exit_code == 1


@pytest.mark.usefixtures("checkout")
def test_the_command_that_does_not_ask_says_the_same_words() -> None:
    request = Request("mini", "dev", overrides=("cluster.workers=2",), without=("ray",))
    assert settle(request).again == "cairn up mini --name dev --set cluster.workers=2 --without ray"
