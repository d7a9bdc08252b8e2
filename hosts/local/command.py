"""Running one command of this machine."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from hosts.errors import HostError


def run(*argv: str | Path, stdin: str | None = None) -> str:
    """Runs the command and returns its standard output.

    Raises HostError with the command and its own words when it exits non-zero or can't be started.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise HostError(f"{words[0]} is not on this machine: {error}") from error
    if done.returncode != 0:
        raise HostError(f"`{' '.join(words)}` failed ({done.returncode}): {(done.stderr or done.stdout).strip()}")
    return done.stdout


def succeeds(*argv: str | Path) -> bool:
    """Whether the command exits with zero; for questions, where a no is an answer and not an error."""
    words: Sequence[str] = [str(word) for word in argv]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
