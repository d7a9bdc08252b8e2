"""Checks as a person reads them."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from cairn.preflight.check import Check, Status

COLOURS = {Status.PASS: "green", Status.WARN: "yellow", Status.FAIL: "red"}


def table(checks: Iterable[Check]) -> Table:
    """One row per check; the fix stands below what was found."""
    result = Table(box=None, show_header=False, pad_edge=False)
    for check in checks:
        fix = "\n-> ".join(["", *check.fix.splitlines()])
        result.add_row(Text(check.status, COLOURS[check.status]), Text(check.name), Text(check.found + fix))
    return result
