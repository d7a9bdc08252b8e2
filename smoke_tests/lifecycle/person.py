"""Somebody at a shell, with a state directory of their own: nobody else's environments are theirs to touch."""

import json
import os
import pty
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.directories import REPOSITORY
from hosts.local.plan import Network
from smoke_tests.support.environment import CAIRN

Done = subprocess.CompletedProcess[str]

UP_SECONDS = 1800
"""An `up` on two busy cores with everything built, and room to fail with an explanation."""


@dataclass(frozen=True)
class Person:
    """Runs `cairn` and `pulumi`. `state` is where their environments live; the cache of built items is shared."""

    state: Path

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of their shell."""
        ours = ("CAIRN_", "PULUMI_", "KUBECONFIG")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        return kept | {"XDG_STATE_HOME": str(self.state), "CAIRN_HOSTS_FILE": str(self.hosts)}

    @property
    def hosts(self) -> Path:
        """What they have in place of /etc/hosts, which is everybody's."""
        return self.state / "hosts"

    def handle(self, environment: str) -> str:
        """What the environment's links, namespaces and cgroups on this machine have in their names."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(self.state))
            return Network(environment).handle

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Starts `cairn WORDS` in a session of its own, and doesn't wait."""
        return subprocess.Popen(
            [*CAIRN, *words],
            cwd=REPOSITORY,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def tries(self, *words: str, prefix: tuple[str, ...] = ()) -> Done:
        """Runs `cairn WORDS`, whatever comes of it; by way of another program, if wanted."""
        return self._run(*prefix, *CAIRN, *words)

    def runs(self, *words: str) -> str:
        """Runs `cairn WORDS`, which must succeed, and returns its standard output."""
        done = self.tries(*words)
        assert done.returncode == 0, f"cairn {' '.join(words)} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def changes(self, environment: str, *words: str) -> list[dict[str, Any]]:
        """The steps that an `up` would take now."""
        preview = json.loads(self.runs("preview", *words, "--name", environment, "--json"))
        return list(preview["steps"])

    def shell(self, script: str) -> Done:
        """Runs a script in a shell after `eval "$(cairn env)"`, as the documentation says."""
        first = f'set -euo pipefail; export PATH="{Path(CAIRN[0]).parent}:$PATH"; eval "$(cairn env)"; '
        return self._run("bash", "-c", first + script)

    def _run(self, *argv: str) -> Done:
        return subprocess.run(
            argv,
            cwd=REPOSITORY,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )

    def answers(self, answer: str, *words: str) -> tuple[int, str]:
        """Runs `cairn WORDS` on a terminal and types `answer`; returns the exit status and all that was shown."""
        variables = {key: value for key, value in self.variables.items() if key != "CI"}
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(REPOSITORY)
            os.execvpe(CAIRN[0], [*CAIRN, *words], variables)
        os.write(terminal, f"{answer}\n".encode())
        shown = b""
        try:
            while chunk := os.read(terminal, 4096):
                shown += chunk
        except OSError:
            pass  # How Linux says that the terminal's other end is closed.
        os.close(terminal)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), shown.decode(errors="replace")
