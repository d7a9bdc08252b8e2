from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from catalog.supply import Supply
from hosts import certificates
from hosts import cluster as running_cluster
from modules.contract.api import ApiError
from modules.registry import node_registries
from profiles.load import load
from stacks.clusters import kubeadm, lasting, local
from stacks.clusters.kubeadm import identifier
from stacks.clusters.local import reservation
from stacks.clusters.settling import Provider
from tests.installer.recorder import record


class Settled(Provider):
    replace_on = ("name",)

    def __init__(self, lives: bool = True) -> None:
        self.lives = lives

    def identity(self, inputs: dict[str, Any]) -> str:
        return str(inputs["name"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return {"made": inputs["name"]}

    def live(self, inputs: dict[str, Any]) -> bool:
        return self.lives


def test_what_nodes_keep_back_leaves_the_budget() -> None:
    capacity, budget = 24_000, 8_000
    for nodes in (1, 2, 3):
        assert budget - nodes <= nodes * (capacity - reservation(capacity, budget, nodes)) <= budget


def test_a_budget_above_the_machine_reserves_nothing() -> None:
    assert reservation(2_000, 9_000, 2) == 0


def test_unchanged_inputs_whose_work_lives_are_no_change() -> None:
    assert not Settled().diff("a", {"name": "a", "made": "a"}, {"name": "a"}).changes


def test_unchanged_inputs_whose_work_is_gone_are_settled_in_place() -> None:
    diff = Settled(lives=False).diff("a", {"name": "a"}, {"name": "a"})
    assert diff.changes
    assert not diff.replaces


def test_an_output_that_is_declared_without_a_value_is_no_change() -> None:
    assert not Settled().diff("a", {"name": "a", "made": "a"}, {"name": "a", "made": None}).changes


def test_a_changed_identity_replaces_and_deletes_first() -> None:
    diff = Settled().diff("a", {"name": "a"}, {"name": "b"})
    assert diff.replaces == ["name"]
    assert diff.delete_before_replace


def test_creating_returns_inputs_and_what_was_made() -> None:
    made = Settled().create({"name": "a"})
    assert made.id == "a"
    assert made.outs == {"name": "a", "made": "a"}


@pytest.mark.parametrize("token", ["old", "new"])
def test_a_cluster_is_told_by_its_authority_and_by_nothing_else_in_a_kubeconfig(token: str) -> None:
    cluster = {"cluster": {"certificate-authority-data": "Y2E=", "server": "https://x"}}
    text = yaml.safe_dump({"clusters": [cluster], "users": [{"user": {"token": token}}]})
    assert identifier(text) == "6959097001d10501"


@pytest.fixture
def control_plane(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a control plane's diff sees: when certificates end, recorded and shown, and what the server answers."""
    year = datetime.now(UTC) + timedelta(days=364)
    seen: dict[str, Any] = {"recorded": year, "shown": year, "status": 200}

    def request(*_: Any, **__: Any) -> dict[str, Any]:
        if seen["status"] != 200:
            raise ApiError(seen["status"], "no")
        return {}

    monkeypatch.setattr(running_cluster, "ready", lambda address: True)
    monkeypatch.setattr(certificates, "of_client", lambda kubeconfig: seen["recorded"])
    monkeypatch.setattr(certificates, "shown", lambda address: seen["shown"])
    monkeypatch.setattr(lasting, "connect", lambda kubeconfig: None)
    monkeypatch.setattr(lasting, "request", request)
    return seen


SOON = datetime.now(UTC) + timedelta(days=30)


@pytest.mark.parametrize(
    ("seen", "changes"),
    [
        ({}, False),
        ({"recorded": SOON}, True),
        ({"shown": SOON}, True),
        ({"status": 401}, True),
        ({"recorded": None, "shown": None, "status": 0}, False),
    ],
    ids=["lasts", "the recorded ends soon", "the shown ends soon", "refused", "silent or without certificates"],
)
def test_a_control_plane_changes_in_place_when_credentials_end_soon_or_are_refused(
    control_plane: dict[str, Any], seen: dict[str, Any], changes: bool
) -> None:
    control_plane.update(seen)
    inputs = {"host": {"address": "10.89.0.11"}, "node": {}, "cluster": {}}
    diff = kubeadm._ControlPlaneProvider().diff("id", {**inputs, "kubeconfig": "x", "identifier": "y"}, inputs)
    assert bool(diff.changes) == changes
    assert not diff.replaces


def test_a_settled_control_plane_has_its_certificates_renewed_before_it_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    text = yaml.safe_dump({"clusters": [{"cluster": {"certificate-authority-data": "Y2E="}}]})
    monkeypatch.setattr(kubeadm, "node_config", lambda record: record)
    monkeypatch.setattr(kubeadm, "make_control_plane", lambda *_: done.append("make"))
    monkeypatch.setattr(certificates, "renew", lambda host: done.append("renew"))
    monkeypatch.setattr(running_cluster, "wait_ready", lambda address: done.append("wait"))
    monkeypatch.setattr(running_cluster, "kubeconfig", lambda host: text)
    host = {"name": "n", "address": "a", "private_key": "k", "host_public_key": "h"}
    cluster = dict.fromkeys(("kubernetes_version", "etcd_image", "coredns_image", "pod_range", "service_range"), "x")
    inputs = {"host": host, "node": {}, "cluster": {**cluster, "eviction_seconds": 10}}
    assert kubeadm._ControlPlaneProvider().settle(inputs)["identifier"] == "6959097001d10501"
    assert done == ["make", "renew", "wait"]


def test_every_node_is_told_what_it_pulls_from_the_platform_itself() -> None:
    profile = load("laptop", {"cluster.workers": 2})
    made = record(lambda: local.make(profile, "laptop", Supply.SOURCE)).records
    nodes = [each.inputs["node"] for each in made if each.type.endswith((":ControlPlane", "kubeadm:Host"))]
    assert len(nodes) == 3
    for node in nodes:
        assert node_registries(profile).items() <= node["registries"].items()
        # Under both supplies, the catalog's images come from the machine.
        assert node["registries"]["docker.io"] == "http://10.89.0.2:5000/v2/docker.io"


def test_a_registry_more_changes_nodes_in_place(control_plane: dict[str, Any]) -> None:
    before = {"host": {"address": "10.89.0.11"}, "node": {"registries": {"docker.io": "a"}}, "cluster": {}}
    after = {**before, "node": {"registries": {"docker.io": "a", "registry.cairn.test": "b"}}}
    for provider, inputs in ((kubeadm._ControlPlaneProvider(), after), (kubeadm._HostProvider(), after)):
        diff = provider.diff("id", {**before, "kubeconfig": "x", "identifier": "y"}, inputs)
        assert diff.changes and not diff.replaces
    worker = kubeadm._WorkerProvider().diff("id", {**before, "control_plane": {}}, {**after, "control_plane": {}})
    assert worker.changes and not worker.replaces
