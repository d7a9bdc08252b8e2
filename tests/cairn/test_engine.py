import os
import signal
import threading
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from cairn.engine import Engine
from cairn.errors import UserError


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the binary: its second argument is what to run."""
    program = tmp_path / "pulumi"
    program.write_text('#!/bin/sh\n[ "$1" = version ] && echo v3.259.0 && exit\nshift; eval "$1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return program


def run(engine: Engine, script: str, said: list[str] | None = None) -> str:
    return engine.run([script], "/", {"WORD": "here"}, None if said is None else said.append).stdout


def test_output_is_collected_and_told_as_it_comes(pulumi: Path) -> None:
    said: list[str] = []
    assert run(Engine(), "echo one; echo $WORD", said) == "one\nhere"
    assert said == ["one", "here"]


def test_the_session_is_noted_before_the_work_and_forgotten_after(pulumi: Path) -> None:
    noted: list[int] = []
    leader = run(Engine(noted.append), "echo $$")
    assert noted == [int(leader), 0]


def test_a_failure_is_the_automation_apis_own_error(pulumi: Path) -> None:
    with pytest.raises(CommandError, match="code: 3"):
        run(Engine(), "exit 3")
    with pytest.raises(ConcurrentUpdateError):
        run(Engine(), "echo 'the stack is currently locked by 1 lock(s)' >&2; exit 255")


def test_an_interrupt_cancels_once_and_waits_for_the_end(pulumi: Path) -> None:
    said: list[str] = []
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    script = "trap 'echo cancelled; exit 1' TERM; while :; do sleep 0.05; done"
    with pytest.raises(UserError) as error:
        run(Engine(), script, said)
    assert error.value.exit_code == 130
    assert said == ["cancelled"]


def test_a_second_interrupt_ends_at_once_what_does_not_listen(pulumi: Path) -> None:
    for seconds in (0.3, 0.6):
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(UserError, match="interrupted"):
        run(Engine(), "trap '' TERM; while :; do sleep 0.05; done")


def test_what_goes_on_after_a_cancellation_is_killed_in_the_end(pulumi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.engine.PATIENCE_SECONDS", 0.3)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(UserError, match="interrupted"):
        run(Engine(), "trap '' TERM; while :; do sleep 0.05; done")
