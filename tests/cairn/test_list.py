"""Which environments there are, and what is said of one that isn't there."""

import json
from datetime import datetime
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cairn import environment, environments
from cairn.app import app
from cairn.environment import Environment
from cairn.errors import UserError
from cairn.settings import Settings, render, settings_file

STACKS = [
    SimpleNamespace(name="theirs", last_update=None, resource_count=0),
    SimpleNamespace(name="organization/cairn/lab", last_update=datetime(2026, 1, 2, 3, 4, 5), resource_count=192),
]


@pytest.fixture(autouse=True)
def backend(checkout: object, monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    held = list(STACKS)
    workspace = SimpleNamespace(list_stacks=lambda: held)
    for module in (environment, environments):
        monkeypatch.setattr(module, "workspace", lambda started=None: workspace)
    monkeypatch.setattr("cairn.opening.prepare", lambda *_: None)
    monkeypatch.setattr(Environment, "find", lambda self: None)
    monkeypatch.setattr("cairn.take_down.on_machine", lambda name: False)
    monkeypatch.setattr("cairn.take_down.etc_hosts.marked", lambda network: [])
    return held


def test_environments_are_listed_with_what_this_checkout_knows_of_them() -> None:
    settings_file("lab").write_text(render({}, Settings(profile="mini", supply="source")))
    shown = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert shown == [
        {"name": "lab", "profile": "mini", "supply": "source", "resources": 192, "changed": "2026-01-02T03:04:05"},
        {"name": "theirs", "profile": "", "supply": "auto", "resources": 0, "changed": ""},
    ]
    table = CliRunner().invoke(app, ["list"]).stdout
    assert "lab" in table and "mini" in table and "never" in table


def test_where_there_is_none_a_word_says_how_to_make_one(backend: list[SimpleNamespace]) -> None:
    backend.clear()
    done = CliRunner().invoke(app, ["list"])
    assert done.exit_code == 0 and done.stdout == ""
    assert json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout) == []


def test_an_environment_that_is_not_there_is_answered_with_those_that_are_and_none_is_offered() -> None:
    with pytest.raises(UserError) as error:
        Environment("mine").stack()
    assert error.value.where == "environments: lab, theirs"
    assert "cairn up PROFILE --name mine" in error.value.fix
    assert "--name lab" not in error.value.fix and "--name theirs" not in error.value.fix
    with pytest.raises(UserError) as which:
        environment.pick(None)
    assert "--name NAME" in which.value.fix


@pytest.mark.parametrize("words", [[], ["--yes"], ["--json"]])
def test_taking_down_what_is_gone_is_no_error(words: list[str]) -> None:
    done = CliRunner().invoke(app, ["down", "--name", "mine", *words])
    assert done.exit_code == 0, done.output
    if words == ["--json"]:
        assert json.loads(done.stdout)["volumes_deleted"] == []
