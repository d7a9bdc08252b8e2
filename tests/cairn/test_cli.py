import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from cairn import reference
from cairn.__main__ import main
from cairn.app import app
from cairn.commands.smoke import test_files as files_of
from cairn.errors import UserError, exit_code, message
from catalog.directories import REPOSITORY
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


def test_the_shell_completes_commands_profiles_environments_and_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks = tmp_path / "cairn/backend/.pulumi/stacks/cairn"
    stacks.mkdir(parents=True)
    (stacks / "team-lab.json").write_text("{}")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def completed(line: str) -> list[str]:
        asked = {"_CAIRN_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        return CliRunner().invoke(app, prog_name="cairn", env=asked).stdout.split()

    assert completed("cairn pre") == ["preflight", "preview"]
    assert completed("cairn up lap") == ["laptop"]
    assert completed("cairn down --name te") == ["team-lab"]
    assert completed("cairn smoke queue") == ["queueing"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_by_a_script_of_the_shells_own(shell: str) -> None:
    done = CliRunner().invoke(app, prog_name="cairn", env={"_CAIRN_COMPLETE": f"source_{shell}"})
    assert "_CAIRN_COMPLETE" in done.stdout


def test_on_windows_a_linux_vm_is_named_and_nothing_else_is_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert run(monkeypatch, "up", "laptop") == 2
    said = capsys.readouterr().err
    assert "Linux VM" in said and "a cluster that you have" in said


def test_preflight_on_a_mac_names_a_linux_vm_and_an_existing_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("catalog.supply.answers", lambda host: "not asked")
    done = CliRunner().invoke(app, ["preflight", "laptop", "--json"])
    assert done.exit_code == 1, done.output
    (check,) = [check for check in json.loads(done.stdout)["checks"] if check["status"] != "PASS"]
    assert check["name"] == "operating system" and "macOS" in check["found"]
    assert "Linux VM" in check["fix"] and "cluster.provider=existing" in check["fix"]


def test_smoke_for_programs_is_one_document_with_what_each_check_came_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Opened:
        name = "dev"

        def stack(self) -> None:
            pass

    def tests(command: list[str], **settings: object) -> "subprocess.CompletedProcess[str]":
        assert "smoke_tests/cluster/test_storage.py" in command and settings["stdout"] is sys.stderr
        run = tmp_path / "evidence/dev-20260101T000000Z"
        run.mkdir(parents=True)
        lines = [{"test": "a", "outcome": "passed"}, {"test": "b", "outcome": "failed"}]
        (run / "checks.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr("cairn.opening.open_environment", lambda name: Opened())
    monkeypatch.setattr("cairn.commands.smoke.subprocess.run", tests)
    monkeypatch.setattr("cairn.commands.smoke.EVIDENCE", tmp_path / "evidence")
    done = CliRunner().invoke(app, ["smoke", "storage", "--json"])
    assert done.exit_code == 1
    shown = json.loads(done.stdout)
    assert (shown["environment"], shown["exit_code"]) == ("dev", 1)
    assert shown["checks"] == {"a": "passed", "b": "failed"}


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
    assert files_of(["queueing"]) == ["smoke_tests/compute/test_queueing.py"]
    with pytest.raises(UserError, match="no smoke test for quueing"):
        files_of(["quueing"])


def test_a_profile_that_is_not_valid_is_told_as_json_too() -> None:
    done = CliRunner().invoke(app, ["profile", "validate", "laptop", "--set", "budget.cups=4", "--json"])
    assert done.exit_code == 2
    shown = json.loads(done.stdout)
    assert (shown["profile"], shown["valid"]) == ("laptop", False)
    assert any("budget.cups" in line and "did you mean" in line for line in shown["errors"])
    good = json.loads(CliRunner().invoke(app, ["profile", "validate", "laptop", "--json"]).stdout)
    assert good == {"profile": "laptop", "valid": True, "errors": []}


def test_kubeconfigs_that_people_write_into_the_checkout_are_ignored_by_git() -> None:
    done = subprocess.run(["git", "check-ignore", "team-a.kubeconfig"], cwd=REPOSITORY, check=False)
    assert done.returncode == 0
