"""What a person sees while `up` runs: a table that lives on a terminal, lines elsewhere."""

import io

import pytest
from rich.console import Console
from rich.spinner import Spinner

from cairn import display, supplying
from cairn.progress import Progress
from catalog.build import Progress as Item
from tests.cairn.events import GATE, MODULE, begins, ends


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> tuple[str, list[str]]:
    """What is drawn on the console, and the lines that are said, in a run that makes one module."""
    screen, lines = io.StringIO(), list[str]()
    monkeypatch.setattr(display, "err", Console(file=screen, force_terminal=terminal, width=120))
    monkeypatch.setattr(display, "say", lines.append)
    progress = Progress(lambda: 0.0)
    progress.expect("cluster", "queueing")
    with display.show(progress) as take:
        for event in (begins(MODULE), ends(MODULE), begins(GATE), ends(GATE)):
            take(event)
    return screen.getvalue(), lines


def test_on_a_terminal_a_table_has_a_row_for_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, lines = shown(monkeypatch, terminal=True)
    last = {name: [line for line in screen.splitlines() if name in line][-1] for name in ("cluster", "queueing")}
    assert "·" in last["cluster"]
    assert "✓" in last["queueing"] and "0 s" in last["queueing"]
    assert lines == []


def test_without_a_terminal_a_line_tells_each_change_of_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, lines = shown(monkeypatch, terminal=False)
    assert lines == ["queueing: working (create Release kueue)", "queueing: done"]
    assert screen == ""


def test_at_eighty_columns_each_part_has_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    progress = Progress(lambda: 0.0)
    progress.expect("cluster", "queueing")
    for index in range(9):
        progress.take(begins(f"{MODULE}-{index}-{'long' * 10}"))
    drawn = screen.render_lines(display.table(progress, Spinner("dots")))
    assert len(drawn) == 2
    assert "…" in "".join(part.text for part in drawn[1])


def test_a_long_line_of_the_catalog_stays_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr(supplying, "err", console)
    with supplying.report() as tell:
        tell(Item("images/" + "long" * 40, 1, 71, "building", 3.0))
    assert not any("long" * 21 in line for line in screen.getvalue().splitlines())
