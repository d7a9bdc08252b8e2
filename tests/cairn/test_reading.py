"""What reading commands ask of `pulumi`: nothing that selects, keeps or changes anything."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pulumi.automation import CommandResult, OnOutput
from pulumi.automation.errors import StackNotFoundError

from cairn.cluster import profile_of
from cairn.engine import Engine
from cairn.environment import Environment, Workspace, passing
from cairn.errors import UserError
from cairn.settings import Settings
from catalog.directories import REPOSITORY
from profiles.load import load

UPDATE = {
    "kind": "update",
    "startTime": "2026-11-26T12:00:00.000Z",
    "config": {"cairn:profile": {"value": "mini"}, "cairn:set": {"value": "{}", "objectValue": {"cluster.workers": 0}}},
}


class Answering(Engine):
    """A `pulumi` that holds one environment, or none, and writes down what it is asked."""

    def __init__(self, holds: bool) -> None:
        super().__init__()
        self.holds = holds
        self.asked: list[list[str]] = []

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        self.asked.append(args)
        if not self.holds:
            raise StackNotFoundError(CommandResult("", "no stack named 'mine' found", 255))
        answers = {"history": [UPDATE], "output": {"kubeconfig": "x"}}
        return CommandResult(json.dumps(answers.get(args[1], [])), "", 0)


@pytest.fixture
def engine() -> Answering:
    return Answering(holds=True)


@pytest.fixture
def mine(checkout: Path, engine: Answering) -> Environment:
    return Environment("mine", own=Workspace(str(checkout), pulumi_command=engine))


def test_looking_at_an_environment_selects_nothing_and_writes_no_file(
    checkout: Path, engine: Answering, mine: Environment
) -> None:
    before = set(checkout.iterdir())
    assert mine.stack().name == "mine"
    assert mine.settings() == Settings(profile="mini", set={"cluster.workers": 0})
    assert mine.outputs() == {"kubeconfig": "x"}
    assert set(checkout.iterdir()) == before
    assert [args[:2] for args in engine.asked] == [["stack", "history"], ["stack", "output"]]
    assert all(args[-2:] == ["--stack", "mine"] for args in engine.asked)


def test_what_else_a_person_has_set_comes_along_to_another_checkout(mine: Environment, engine: Answering) -> None:
    mine.find()
    mine.save(Settings(profile="mini"))
    assert engine.asked[-1] == ["config", "refresh", "--force", "--stack", "mine"]
    mine.save(Settings(profile="mini"))
    assert len(engine.asked) == 2


def test_an_environment_that_is_not_there_is_previewed_elsewhere() -> None:
    with passing("mine", lambda _: None) as other:
        place = Path(other.workspace.work_dir)
        assert other.file.parent == place != REPOSITORY
        assert other.workspace.env_vars["PULUMI_BACKEND_URL"].startswith(f"file://{place}/")
        assert yaml.safe_load((place / "Pulumi.yaml").read_text())["main"] == f"{REPOSITORY}/stacks"
    assert not place.exists()


def test_the_profile_is_the_one_that_the_state_has_whatever_became_of_its_file() -> None:
    profile = load("mini", {"cluster.workers": 2})
    settings = Settings(profile="/gone/mine.yaml")
    assert profile_of("mine", settings, {"merged_profile": profile.model_dump_json()}) == profile
    with pytest.raises(UserError, match="not there any more"):
        profile_of("mine", settings, {})
    # A state of an earlier checkout, whose schema was another.
    assert profile_of("mine", Settings(profile="mini"), {"merged_profile": '{"other": 1}'}) == load("mini")
