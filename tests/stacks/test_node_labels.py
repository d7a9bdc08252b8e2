from collections.abc import Mapping
from typing import Any

import pytest

from hosts import cluster as running_cluster
from hosts.errors import HostError
from hosts.spec import Host
from stacks.clusters.node_labels import NodeLabelsProvider

HOST = {"name": "dev-control-plane", "address": "a", "private_key": "k", "host_public_key": "h"}
OWN = {"kubernetes.io/hostname": "dev-worker-1"}


def inputs(**labels: str) -> dict[str, Any]:
    return {"node": "dev-worker-1", "control_plane": HOST, "labels": labels}


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The labels of a node, which `kubectl` would change."""
    found = dict(OWN)

    def run(host: Host, command: str) -> str:
        if " get node dev-worker-1 " in command:
            return "node/dev-worker-1"
        assert " label node dev-worker-1 --overwrite " in command
        for word in command.partition("--overwrite ")[2].split():
            key, _, value = word.partition("=")
            found.pop(key.removesuffix("-"), None) if word.endswith("-") else found.update({key: value})
        return ""

    def labels(host: Host, name: str) -> Mapping[str, str]:
        return dict(found)

    monkeypatch.setattr(running_cluster, "run", run)
    monkeypatch.setattr(running_cluster, "labels", labels)
    return found


def test_labels_come_change_and_go_and_the_nodes_own_stay(node: dict[str, str]) -> None:
    provider = NodeLabelsProvider()
    first = provider.create(inputs(accelerator="a100", zone="one"))
    assert first.outs is not None
    assert node == OWN | {"accelerator": "a100", "zone": "one"}
    changed = inputs(accelerator="h100")
    assert provider.diff(str(first.id), first.outs, changed).changes
    second = provider.update(str(first.id), first.outs, changed)
    assert second.outs is not None
    assert node == OWN | {"accelerator": "h100"}
    assert not provider.diff(str(first.id), second.outs, changed).changes
    provider.delete(str(first.id), second.outs)
    assert node == OWN


def test_a_label_that_somebody_took_off_or_changed_is_seen_and_put_back(node: dict[str, str]) -> None:
    provider = NodeLabelsProvider()
    wanted = inputs(accelerator="a100")
    made = provider.create(wanted)
    assert made.outs is not None
    for value in (None, "other"):
        node.pop("accelerator")
        node.update({"accelerator": value} if value else {})
        diff = provider.diff(str(made.id), made.outs, wanted)
        assert diff.changes
        assert not diff.replaces
        provider.update(str(made.id), made.outs, wanted)
        assert node == OWN | {"accelerator": "a100"}


def test_a_control_plane_that_isnt_there_has_no_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(host: Host, command: str) -> str:
        raise HostError("can't be reached over SSH")

    monkeypatch.setattr(running_cluster, "run", run)
    assert not NodeLabelsProvider().live(inputs(accelerator="a100"))


def test_a_node_that_is_gone_has_no_label_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def run(host: Host, command: str) -> str:
        asked.append(command)
        return ""

    monkeypatch.setattr(running_cluster, "run", run)
    NodeLabelsProvider().delete("dev-worker-1", inputs(accelerator="a100"))
    assert not [command for command in asked if " label " in command]
