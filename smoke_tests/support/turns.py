"""Who runs when: tests marked `alone` first, one after the other; the others begin when the last of them is over.

Tests of an environment's life take part in none of that: they make environments of their own.
"""

import fcntl
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

ALONE = "alone"
"""The mark, and the group in which one test process runs them."""
FILE = ".turn"


def group(item: pytest.Item) -> str:
    """The group that one process runs, one test after the other.

    Those `alone` are one; else the closest `together` names it; else those of a file that share a team, which another
    process would make again, are one. Empty for a test that goes by itself.
    """
    if item.get_closest_marker(ALONE):
        return ALONE
    together = item.get_closest_marker("together")
    if together:
        return str(together.args[0])
    return item.path.stem if "shared_teams" in getattr(item, "fixturenames", ()) else ""


class Schedule(LoadGroupScheduling):
    """Hands out groups in their order, long ones first, and single tests from the end ahead of time.

    pytest-xdist gives a process its next group while it still works on one. Were that the next in order, a long test
    would stand behind a long one; so every other group that a process gets is one test, the last of those left.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        if len(self.assigned_work.get(node, {})) % 2:
            last = next((name for name, tests in reversed(self.workqueue.items()) if len(tests) == 1), None)
            if last is not None:
                self.workqueue.move_to_end(last, last=False)
        super()._assign_work_unit(node)


class Turns:
    """Of the first process: keeps the test processes waiting until no test that wants to be alone is left."""

    def __init__(self, directory: Path) -> None:
        self._lock = (directory / FILE).open("a")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._alone: set[str] | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Schedule:
        """The order in which test processes are given their work."""
        return Schedule(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Learns which tests there are, from the first test process that says so."""
        if self._alone is None:
            self._alone = {test for test in ids if test.endswith(f"@{ALONE}")}
            self._go_on()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Counts the tests that ended, or whose process did."""
        if report.when in ("teardown", "???") and self._alone is not None:
            self._alone.discard(report.nodeid)
            self._go_on()

    def _go_on(self) -> None:
        if not self._alone:
            self._lock.close()


def wait(directory: Path) -> None:
    """Waits until it is the other tests' turn; at once where there is one process, which takes them in order."""
    with (directory / FILE).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
