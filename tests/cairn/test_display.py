"""What a person sees while `up` runs: a table that lives on a terminal, lines elsewhere."""

import io

import pytest
from rich.console import Console

from cairn import display
from cairn.progress import Progress
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
