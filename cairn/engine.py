"""Running the `pulumi` binary so that a Ctrl-C cancels it cleanly and a killed `cairn` leaves nothing unnamed."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO

from pulumi.automation import CommandResult, OnOutput, OutputMap, PulumiCommand, Stack, UpdateSummary, Workspace
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from cairn.console import say
from cairn.errors import UserError
from cairn.lock import end_session
from catalog.schema import load

PROTECTING = ("up", "preview", "destroy")
"""The commands that refuse to delete what is protected."""
PATIENCE_SECONDS = 30
"""How long a cancelled run may go on before it is killed."""


class Engine(PulumiCommand):
    """`pulumi` in a session of its own: a terminal's Ctrl-C reaches `cairn` alone, which cancels it once.

    `started` is told the session's leader before the first step, and 0 at the end.
    """

    def __init__(self, started: Callable[[int], None] = lambda _: None) -> None:
        # Not the base's: that runs `pulumi version`, and `tools.prepare` put the catalog's on PATH.
        self.command = "pulumi"
        self.version = VersionInfo.parse(load().version("pulumi").removeprefix("v"))
        self.started = started

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run one command to its end; raises the Automation API's `CommandError` when it fails."""
        process = subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"},
            encoding="utf-8",
            start_new_session=True,
        )
        self.started(process.pid)
        assert process.stdout is not None and process.stderr is not None
        stdout, stderr = _Reader(process.stdout, on_output), _Reader(process.stderr, on_error)
        interrupted = _wait(process)
        stdout.join()
        stderr.join()
        self.started(0)
        if interrupted:
            raise UserError("interrupted", fix="run the same command again: it goes on from here", exit_code=130)
        result = CommandResult(stdout=stdout.text(), stderr=stderr.text(), code=process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result


class EngineStack(Stack):
    """A stack whose runs end with the engine: what the Automation API asks for afterwards costs a second, unread."""

    ignores_protection = False
    """Whether protected resources may go: who runs it has named what is lost with them, and asked."""

    def __init__(self, name: str, workspace: Workspace, create: bool) -> None:
        super().__init__(name, workspace, StackInitMode.CREATE if create else StackInitMode.SELECT)

    def outputs(self) -> OutputMap:
        """Not asked for; `Environment.outputs` does."""
        return {}

    def info(self, show_secrets: bool = True) -> UpdateSummary:
        """Not asked for; the engine's events have told it all."""
        return UpdateSummary("", datetime.min, "", {}, {}, "")

    def _run_pulumi_cmd_sync(
        self, args: list[str], on_output: OnOutput | None = None, on_error: OnOutput | None = None
    ) -> CommandResult:
        if self.ignores_protection and args[0] in PROTECTING:
            args.append("--ignore-protect")  # The Automation API has no argument for it.
        return super()._run_pulumi_cmd_sync(args, on_output, on_error)


class _Reader(threading.Thread):
    """Collects a stream's lines and hands each to a callback as it comes."""

    def __init__(self, stream: IO[str], callback: OnOutput | None) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.callback = callback
        self.lines: list[str] = []
        self.start()

    def run(self) -> None:
        for line in self.stream:
            self.lines.append(line.rstrip())
            if self.callback:
                self.callback(line.rstrip())

    def text(self) -> str:
        return "\n".join(self.lines)


def _wait(process: subprocess.Popen[str]) -> bool:
    """Wait for the end; returns whether it was interrupted.

    The first interrupt cancels. The second, or the patience's end, kills: some steps can't be cancelled, and every
    one can be done again.
    """
    deadline: float | None = None
    while True:
        try:
            process.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
            return deadline is not None
        except KeyboardInterrupt:
            if deadline is None:
                say(f"Cancelling: waiting up to {PATIENCE_SECONDS} s for the steps under way (again: stop at once)")
                process.send_signal(signal.SIGTERM)  # SIGINT may be ignored, in a background job say
                deadline = time.monotonic() + PATIENCE_SECONDS
            else:
                end_session(process.pid, grace=0)
        except subprocess.TimeoutExpired:
            end_session(process.pid, grace=0)
