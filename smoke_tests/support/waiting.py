"""Waiting for a condition, with a deadline; never for a length of time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

FIRST_PAUSE, LAST_PAUSE = 0.25, 1.0
"""Seconds between two looks: what comes soon is seen soon, and what takes minutes is not asked for all the time."""

PATIENCE = 3
"""How much longer than on a machine with nothing else to do something may take: tests share two cores with clusters."""

COMMAND_SECONDS = 600
"""Within which a command of `cairn` that changes nothing ends, however busy the machine: it takes a few seconds."""


def until(condition: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """Asks `condition` every second or more often until its answer is truthy, and returns that answer.

    A condition may also say why not yet by raising AssertionError. `seconds` are those of a quiet machine: when
    PATIENCE times as many have passed, raises AssertionError, which names `what` was awaited and the last answer.
    """
    started = time.monotonic()
    deadline = started + PATIENCE * seconds
    pause = FIRST_PAUSE
    while True:
        try:
            answer = condition()
            why = repr(answer)
        except AssertionError as error:
            answer, why = None, str(error)
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {time.monotonic() - started:.0f} s for {what}; last: {why}")
        time.sleep(pause)
        pause = min(1.5 * pause, LAST_PAUSE)
