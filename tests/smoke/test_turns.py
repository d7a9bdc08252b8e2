import fcntl
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

from smoke_tests.support import turns
from smoke_tests.support.turns import Turns

TESTS = ["test_a.py::test_one", "test_b.py::test_two@alone", "test_b.py::test_three@alone"]


def others_wait(directory: Path) -> bool:
    """Whether a test that needs not be alone would wait now."""
    with (directory / turns.FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_the_others_wait_for_the_last_test_that_runs_alone(tmp_path: Path) -> None:
    first = Turns(tmp_path)
    first.pytest_xdist_node_collection_finished(TESTS)
    first.pytest_runtest_logreport(SimpleNamespace(nodeid=TESTS[1], when="teardown"))
    first.pytest_runtest_logreport(SimpleNamespace(nodeid=TESTS[2], when="call"))
    assert others_wait(tmp_path)
    first.pytest_runtest_logreport(SimpleNamespace(nodeid=TESTS[2], when="teardown"))
    assert not others_wait(tmp_path)
    turns.wait(tmp_path)


def test_nobody_waits_for_a_test_whose_process_died(tmp_path: Path) -> None:
    first = Turns(tmp_path)
    first.pytest_xdist_node_collection_finished(TESTS[:2])
    first.pytest_runtest_logreport(SimpleNamespace(nodeid=TESTS[1], when="???"))
    # The process that takes its place says once more which tests there are.
    first.pytest_xdist_node_collection_finished(TESTS[:2])
    assert not others_wait(tmp_path)


def test_nobody_waits_where_no_test_wants_to_be_alone(tmp_path: Path) -> None:
    Turns(tmp_path).pytest_xdist_node_collection_finished(TESTS[:1])
    assert not others_wait(tmp_path)


def test_with_one_process_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    assert not others_wait(tmp_path)
    turns.wait(tmp_path)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], ""),
        ([pytest.mark.together("devices")], "devices"),
        # A test's own mark comes before its file's.
        ([pytest.mark.together("patience"), pytest.mark.together("devices")], "patience"),
        ([pytest.mark.together("tracking"), pytest.mark.alone], "alone"),
    ],
)
def test_a_test_has_one_group(request: pytest.FixtureRequest, marks: list[pytest.MarkDecorator], expected: str) -> None:
    item = request.node.from_parent(request.node.parent, name="one", callobj=lambda: None)
    for mark in marks:
        item.add_marker(mark)
    assert turns.group(item) == expected


def test_a_process_that_works_is_given_a_short_test_ahead_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        LoadGroupScheduling,
        "_assign_work_unit",
        lambda self, node: self.assigned_work.setdefault(node, {}).update([self.workqueue.popitem(last=False)]),
    )
    schedule: Any = object.__new__(turns.Schedule)
    schedule.assigned_work = {}
    schedule.workqueue = OrderedDict((name, dict.fromkeys(name, False)) for name in ("l", "ong", "s", "h", "ort"))
    for _ in range(5):
        schedule._assign_work_unit("process")
    assert list(schedule.assigned_work["process"]) == ["l", "h", "ong", "s", "ort"]
