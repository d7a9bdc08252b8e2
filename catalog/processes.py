"""Runs other programs so that nothing outlives this process and every failure reads well."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from catalog.errors import NO_SPACE, CatalogError

LAST_LINES = 25
"""How much of a failed program's output its error shows."""


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with `changes`, and messages in English (they are searched)."""
    return {**os.environ, "LC_ALL": "C.UTF-8", **changes}


def run(command: Sequence[str | Path], *, cwd: Path | None = None, changes: Mapping[str, str] | None = None) -> str:
    """Runs `command` to its end and returns its standard output; CatalogError with the output's end if it fails.

    The program is killed when the thread that runs it dies, so a killed build leaves no stray compiler behind.
    """
    words = [str(word) for word in command]
    # setpriv is part of util-linux, which Debian always has; elsewhere a stray child ends by itself.
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    try:
        done = subprocess.run(
            [*guard, *words],
            cwd=cwd,
            env=environment(changes or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise CatalogError(f"{error.filename}: not found on this machine; see `cairn preflight`") from error
    # Decoded here, because Python's own way changes the ends of lines.
    output, errors = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    if done.returncode:
        lines = f"{output}\n{errors}".strip().splitlines()
        telling = [line for line in lines[:-LAST_LINES] if NO_SPACE.search(line)][:1]
        shown = "\n  ".join([*telling, *lines[-LAST_LINES:]])
        raise CatalogError(f"`{shlex.join(words)}` failed (exit status {done.returncode}):\n  {shown}")
    return output
