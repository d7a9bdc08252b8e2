from typing import Any

import pytest
import yaml

from stacks.clusters.kubeadm import identifier
from stacks.clusters.local import reservation
from stacks.clusters.settling import Provider


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
