"""The machine that numbers were taken on: without it they mean nothing."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

from cairn.preflight.machine import GIB


def describe() -> str:
    """One line: system, processor, cores, memory, kernel, day."""
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    memory = psutil.virtual_memory().total / GIB
    cores = len(os.sched_getaffinity(0))
    return (
        f"{system}, kernel {platform.release()}, {_processor()}, {cores} cores, {memory:.0f} GiB of memory; "
        f"taken on {datetime.now(UTC):%Y-%m-%d}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def busy() -> float:
    """How busy the machine is with other things: the run queue's average length over five minutes."""
    return os.getloadavg()[1]
