import json
import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from cairn.errors import UserError
from cairn.lock import environment_lock


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("cairn.lock.GRACE_SECONDS", 0.3)
    return tmp_path / "cairn"


def orphan(state: Path, boot: str | None = None) -> "subprocess.Popen[bytes]":
    """A session that works under the lock of a process that is gone."""
    process = subprocess.Popen(["sh", "-c", "sleep 60 & wait"], start_new_session=True)
    with environment_lock("dev", "up") as lock:
        lock.note_session(process.pid)
        left = lock.file.read_text()
    lock.file.write_text(left if boot is None else json.dumps({**json.loads(left), "boot": boot}))
    return process


def ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_second_process_is_told_who_holds_the_lock() -> None:
    with (
        environment_lock("dev", "up --name dev"),
        pytest.raises(UserError) as refused,
        environment_lock("dev", "up --name dev"),
    ):
        pass
    assert f"pid {os.getpid()}" in refused.value.what
    assert "cairn up --name dev" in refused.value.fix


def test_other_environments_are_free() -> None:
    with environment_lock("one", "up"), environment_lock("two", "up"):
        pass


def test_what_a_killed_run_left_working_is_ended_with_all_its_processes(state: Path) -> None:
    process = orphan(state)
    leader = psutil.Process(process.pid)
    family = [leader, *leader.children()]
    with environment_lock("dev", "up"):
        assert all(map(ended, family))


def test_a_number_from_before_a_reboot_is_nobodys_session(state: Path) -> None:
    process = orphan(state, boot="another")
    with environment_lock("dev", "up"):
        time.sleep(0.1)
        assert process.poll() is None
    os.killpg(process.pid, 9)
    process.wait()


def test_a_torn_lock_file_is_no_obstacle(state: Path) -> None:
    (state / "locks").mkdir(parents=True)
    (state / "locks" / "dev").write_text('{"pid": 12')
    with environment_lock("dev", "up"):
        pass


def test_who_only_reads_ends_nothing_that_a_killed_run_left_working(state: Path) -> None:
    process = orphan(state)
    with pytest.raises(UserError, match="left running") as refused, environment_lock("dev", "preview", reading=True):
        pass
    assert "cairn up --name dev" in refused.value.fix
    assert not ended(psutil.Process(process.pid))
    with environment_lock("dev", "up"):
        assert ended(psutil.Process(process.pid))
