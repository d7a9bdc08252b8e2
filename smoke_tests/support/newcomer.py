"""Somebody new, who follows a page of the docs to the letter, with a team's kubeconfig alone."""

import os
import re
import subprocess
from pathlib import Path

from catalog.directories import REPOSITORY
from smoke_tests.support.environment import CAIRN, Environment
from smoke_tests.support.own_hosts import seeing

STEP_SECONDS = 1800

# Runs a block in a shell that goes on where the last one was: its directory, its variables.
_SHELL = """
set -euo pipefail
cd "$NEWCOMER_HOME"
[ ! -e state ] || source ./state
set +u
source ./block
export -p > state
"""


def steps(page: Path) -> list[str]:
    """The shell blocks of a page, in their order."""
    return re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)


class Newcomer:
    """Somebody at a shell with the command line on PATH, an own directory, and no access of their own."""

    def __init__(self, home: Path, environment: Environment, team: str, hosts: dict[str, str] | None = None) -> None:
        """`hosts`: addresses by the names that the newcomer's machine knows besides its own."""
        self.home = home
        self.team = team
        (home / "examples").symlink_to(REPOSITORY / "examples")
        own = Path("/etc/hosts").read_text()
        (home / "hosts").write_text(own + "".join(f"{address}\t{name}\n" for name, address in (hosts or {}).items()))
        # Which environment is meant goes without saying for a person who has one; here there may be several.
        named = {"CAIRN_ENVIRONMENT": environment.name, "NEWCOMER_HOME": str(home)}
        self.variables = os.environ | named | {"PATH": f"{Path(CAIRN[0]).parent}:{os.environ['PATH']}"}
        self.variables.pop("KUBECONFIG", None)

    def follow(self, step: str) -> str:
        """Runs one block, all of whose commands must succeed, and returns what it printed."""
        text = step.replace("team-a", self.team).replace("team_a", self.team.replace("-", "_"))
        (self.home / "block").write_text(text)
        done = subprocess.run(
            [*seeing(self.home / "hosts"), "bash", "-c", _SHELL],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{text}\nended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout
