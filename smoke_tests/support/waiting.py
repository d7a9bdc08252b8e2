"""Waiting for a condition, with a deadline; never for a length of time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

FIRST_PAUSE, LAST_PAUSE = 0.25, 1.0
"""Seconds between two looks: what comes soon is seen soon, and what takes minutes is not asked for all the time."""


def until(condition: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """Asks `condition` every second or more often until its answer is truthy, and returns that answer.

    A condition may also say why not yet by raising AssertionError. When `seconds` have passed, raises
    AssertionError, which names `what` was awaited and the last answer.
    """
    deadline = time.monotonic() + seconds
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
            raise AssertionError(f"waited {seconds:.0f} s for {what}; last: {why}")
        time.sleep(pause)
        pause = min(1.5 * pause, LAST_PAUSE)
