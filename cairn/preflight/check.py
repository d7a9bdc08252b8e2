"""One finding about the machine."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """PASS goes on, WARN goes on and says so, FAIL stops `cairn up`."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Check:
    """What was looked at, how it stands, what was found, and, unless it passed, the command that fixes it."""

    name: str
    status: Status
    found: str
    fix: str = ""


def passed(name: str, found: str) -> Check:
    """A finding that needs nothing."""
    return Check(name, Status.PASS, found)


def warned(name: str, found: str, fix: str) -> Check:
    """A finding that a person should know and that stops nothing."""
    return Check(name, Status.WARN, found, fix)


def failed(name: str, found: str, fix: str) -> Check:
    """A finding that `cairn up` would fail on."""
    return Check(name, Status.FAIL, found, fix)
