"""Showing the catalog at work: item n of m, what is being done, elapsed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.status import Status
from rich.text import Text

from cairn.console import err, say
from catalog.build import Progress


@contextmanager
def report() -> Iterator[Callable[[Progress], None]]:
    """A callback for `catalog.build.provide`: one line that changes on a terminal, one line per step elsewhere."""
    if not err.is_terminal:
        yield lambda progress: None if progress.phase == "cached" else say(line(progress))
        return
    status = Status("", console=err)
    try:
        yield lambda progress: _show(status, progress)
    finally:
        status.stop()


def _show(status: Status, progress: Progress) -> None:
    status.start()
    # One line: what wraps leaves lines behind on a narrow terminal.
    status.update(Text(line(progress), no_wrap=True, overflow="ellipsis"))


def line(progress: Progress) -> str:
    """Such as `catalog 3/41  image/kueue  building  1:12`."""
    minutes, seconds = divmod(int(progress.elapsed), 60)
    return f"catalog {progress.index}/{progress.total}  {progress.item}  {progress.phase}  {minutes}:{seconds:02}"
