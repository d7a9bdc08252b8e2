"""`cairn` as a person runs it, timed, on a state directory of the benchmark's own."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.directories import REPOSITORY


@dataclass(frozen=True)
class Person:
    """Someone whose environments live in `state`; `environment` is the one that is measured."""

    state: Path
    environment: str
    words: tuple[str, ...]
    """The profile and its overrides, as on the command line."""

    def up(self) -> float:
        """Seconds that `cairn up` takes."""
        return self.up_with_parts()[0]

    def up_with_parts(self) -> tuple[float, dict[str, float]]:
        """The same, and for how long each part of the platform was worked on."""
        start = time.monotonic()
        words = ("up", *self.words, "--name", self.environment, "--json")
        outcome = json.loads(self._run([sys.executable, "-m", "cairn", *words]).stdout)
        parts = {name: float(part["seconds"]) for name, part in outcome["parts"].items()}
        return time.monotonic() - start, parts

    def preview(self) -> float:
        """Seconds that `cairn preview` takes."""
        return self._timed("preview", "--name", self.environment, "--json")

    def down(self) -> float:
        """Seconds that `cairn down` takes."""
        return self._timed("down", "--name", self.environment, "--yes")

    def pulumi(self, command: str) -> dict[str, Any]:
        """The JSON that one `pulumi` command prints."""
        script = f'eval "$({sys.executable} -m cairn env)" && pulumi {command} --stack {self.environment}'
        found: dict[str, Any] = json.loads(self._run(["bash", "-c", script]).stdout)
        return found

    def _timed(self, *words: str) -> float:
        start = time.monotonic()
        self._run([sys.executable, "-m", "cairn", *words])
        return time.monotonic() - start

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        ours = ("CAIRN_", "PULUMI_", "KUBECONFIG")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**kept, "XDG_STATE_HOME": str(self.state)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
        return done
