import json
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from cairn import reference
from cairn.__main__ import main
from cairn.app import app
from cairn.commands.smoke import test_files as files_of
from cairn.errors import UserError, exit_code, message
from catalog.errors import CatalogError
from profiles.errors import ProfileError


def commands(group: TyperGroup, path: str = "cairn") -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path} {name}")
        elif isinstance(command, TyperCommand):
            yield f"{path} {name}", command


def every_command() -> dict[str, TyperCommand]:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return dict(commands(root))


@pytest.mark.parametrize(("path", "command"), every_command().items(), ids=list(every_command()))
def test_the_help_of_each_command_has_an_example_of_it(path: str, command: TyperCommand) -> None:
    assert command.help
    assert path in (command.epilog or "").replace("$(", "")


def test_the_reference_is_current() -> None:
    assert reference.FILE.read_text() == reference.page(), "run: python -m cairn.reference"


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("cairn 0.")


def test_profiles_are_listed_as_json() -> None:
    result = CliRunner().invoke(app, ["profile", "list", "--json"])
    assert "laptop" in [row["name"] for row in json.loads(result.stdout)]


def test_a_profile_shows_where_each_value_comes_from() -> None:
    result = CliRunner().invoke(app, ["profile", "show", "laptop", "--set", "cluster.workers=2", "--json"])
    found = {row["key"]: row for row in json.loads(result.stdout)}
    assert found["cluster.workers"] == {"key": "cluster.workers", "value": 2, "origin": "--set"}


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["cairn", *words])
    monkeypatch.setattr("cairn.__main__.interrupt_on_termination", lambda: None)
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_a_mistake_ends_with_2_and_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "profile", "validate", "labtop") == 2
    shown = capsys.readouterr()
    assert "laptop" in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_an_unforeseen_error_ends_with_1_and_says_how_to_see_it_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("profiles.load.available", lambda: 1 / 0)
    assert run(monkeypatch, "profile", "list") == 1
    assert "CAIRN_DEBUG=1" in capsys.readouterr().err
    monkeypatch.setenv("CAIRN_DEBUG", "1")
    monkeypatch.setattr("sys.argv", ["cairn", "profile", "list"])
    with pytest.raises(ZeroDivisionError):
        main()


def test_an_error_says_what_where_and_the_fix() -> None:
    error = UserError("no room", where="/x\n/y", fix="rm /x/big")
    assert str(error) == "error: no room\nwhere: /x\n       /y\nfix:   rm /x/big"
    assert str(UserError("no room")) == "error: no room"


def test_errors_written_for_people_are_shown_as_they_are() -> None:
    for error in (CatalogError("disk full"), ProfileError("unknown key")):
        assert message(error) == f"error: {error}"
        assert exit_code(error) == 2
    assert exit_code(UserError("interrupted", exit_code=130)) == 130
    assert exit_code(ValueError("x")) == 1


def test_smoke_tests_are_chosen_by_module_and_an_unknown_one_is_named() -> None:
    assert files_of(["queueing"]) == ["smoke_tests/test_queueing.py"]
    with pytest.raises(UserError, match="no smoke test for quueing"):
        files_of(["quueing"])
