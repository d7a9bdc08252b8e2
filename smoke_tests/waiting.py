"""Waiting for a condition, with a deadline; never for a length of time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

POLL_SECONDS = 0.5


def until(condition: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """Asks `condition` twice a second until its answer is truthy, and returns that answer.

    A condition may also say why not yet by raising AssertionError. When `seconds` have passed, raises
    AssertionError, which names `what` was awaited and the last answer.
    """
    deadline = time.monotonic() + seconds
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
        time.sleep(POLL_SECONDS)
