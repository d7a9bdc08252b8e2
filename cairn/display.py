"""Showing progress while the engine works: a live table on a terminal, plain lines elsewhere."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pulumi.automation import EngineEvent
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cairn.console import err, say
from cairn.progress import Progress, Row, State

COLOURS = {State.DONE: "green", State.UNCHANGED: "dim", State.FAILED: "red", State.WAITING: "dim"}
MARKS = {State.DONE: "✓", State.UNCHANGED: "=", State.FAILED: "✗", State.WAITING: "·"}


@contextmanager
def show(progress: Progress) -> Iterator[Callable[[EngineEvent], None]]:
    """A callback for the engine's events; it may be called from any thread."""
    guard = threading.Lock()
    if not err.is_terminal:

        def tell(event: EngineEvent) -> None:
            with guard:
                row = progress.take(event)
                if row:
                    say(line(row))

        yield tell
        return
    spinner = Spinner("dots")

    def draw() -> Table:
        with guard:
            return table(progress, spinner)

    with Live(get_renderable=draw, console=err, refresh_per_second=8):

        def take(event: EngineEvent) -> None:
            with guard:
                progress.take(event)

        yield take


def line(row: Row) -> str:
    """Such as `queueing: working (create Release kueue)`."""
    doing = ", ".join(row.doing.values())
    return f"{row.name}: {row.state}" + (f" ({doing})" if doing and row.state is State.WORKING else "")


def table(progress: Progress, spinner: Spinner) -> Table:
    """One row per part: mark, name, seconds, what is under way."""
    result = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        result.add_column(no_wrap=True)
    # One line a row: what wraps leaves lines behind on a narrow terminal.
    result.add_column(no_wrap=True, overflow="ellipsis")
    now = progress.clock()
    for row in progress.rows.values():
        mark = spinner if row.doing else Text(MARKS.get(row.state, "…"))
        seconds = f"{row.seconds(now):.0f} s" if row.started is not None else ""
        doing = ", ".join(row.doing.values())
        result.add_row(mark, Text(row.name, style=COLOURS.get(row.state, "bold")), seconds, Text(doing, "dim"))
    return result
