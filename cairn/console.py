"""Where the command line writes: results to stdout, everything said along the way to stderr."""

import json
import os
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console

Json = Mapping[str, object] | Sequence[object]

WIDE = 1000
"""Columns of what is not a terminal: no line of a table is broken or cut there."""


class _Saying(Console):
    """Falls silent when nobody listens any more (`cairn up 2>&1 | head`), while the work goes on to its end.

    Rich would end the thread that speaks. The engine waits until that thread has taken each of its events.
    """

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = _Saying(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)


def interactive() -> bool:
    """Whether a person can be asked: both ends are terminals and nobody said that this is a script."""
    return sys.stdin.isatty() and sys.stderr.isatty() and "CI" not in os.environ


def print_json(value: Json) -> None:
    """One JSON document on stdout, keys in the order given, never coloured or wrapped."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def say(text: str) -> None:
    """One plain line along the way; markup is not read, so that resource names stay as they are."""
    err.print(text, markup=False)
