"""Every way to ask this program for its end is a clean one."""

import signal
from types import FrameType
from typing import NoReturn


def interrupt_on_termination() -> None:
    """Treat SIGTERM and a closed terminal like Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
