import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from cairn.engine import Engine, _wait
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


LISTENS = "trap 'echo cancelled; exit 1' TERM; echo ready; while :; do sleep 0.05; done"
DEAF = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


def interrupt(said: list[str], *, again: bool = False) -> None:
    """Interrupts once the program is ready and the engine waits for its end (`again`: and has cancelled it)."""

    def waits() -> bool:
        innermost = frame = sys._current_frames()[threading.main_thread().ident or 0]
        while frame.f_back and frame.f_code is not _wait.__code__:
            frame = frame.f_back
        # Anywhere but inside Popen.wait an interrupt would be the test's own end.
        waiting = frame.f_code is _wait.__code__ and innermost.f_code.co_name in ("wait", "_wait", "_try_wait")
        return waiting and innermost is not frame and (frame.f_locals.get("deadline") is not None) == again

    def watch() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if "ready" in said and waits():
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.01)

    threading.Thread(target=watch, daemon=True).start()


def test_an_interrupt_cancels_once_and_waits_for_the_end(pulumi: Path) -> None:
    said: list[str] = []
    interrupt(said)
    with pytest.raises(UserError) as error:
        run(Engine(), LISTENS, said)
    assert error.value.exit_code == 130
    assert said == ["ready", "cancelled"]


def test_a_second_interrupt_ends_at_once_what_does_not_listen(pulumi: Path) -> None:
    said: list[str] = []
    interrupt(said)
    interrupt(said, again=True)
    with pytest.raises(UserError, match="interrupted"):
        run(Engine(), DEAF, said)


def test_what_goes_on_after_a_cancellation_is_killed_in_the_end(pulumi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.engine.PATIENCE_SECONDS", 0.3)
    said: list[str] = []
    interrupt(said)
    with pytest.raises(UserError, match="interrupted"):
        run(Engine(), DEAF, said)
