import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from cairn.recovery import BackendLock, backend, locks_of, may_have_pending


def write(files: Path, pid: int, host: str) -> None:
    place = files / "locks/organization/cairn/dev"
    place.mkdir(parents=True)
    (place / "one.json").write_text(json.dumps({"pid": pid, "hostname": host, "username": "root"}))


def test_locks_of_a_file_backend_are_read(tmp_path: Path) -> None:
    write(tmp_path, 42, "there")
    (found,) = locks_of(tmp_path, "cairn", "dev")
    assert (found.pid, found.host) == (42, "there")
    assert locks_of(tmp_path, "cairn", "other") == []


def test_a_torn_lock_file_is_nobodys(tmp_path: Path) -> None:
    write(tmp_path, 42, "there")
    (tmp_path / "locks/organization/cairn/dev/one.json").write_text("{")
    assert not locks_of(tmp_path, "cairn", "dev")[0].alive()


def test_backends_that_are_no_directory_here_are_left_to_pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://bucket")
    assert backend() is None
    assert may_have_pending(None, "cairn", "dev")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///here?metadata=skip")
    assert backend() == Path("/here/.pulumi")


@pytest.mark.parametrize(
    ("latest", "expected"),
    [(None, False), ({"resources": []}, False), ({"pending_operations": [{"type": "creating"}]}, True)],
)
def test_operations_that_were_cut_off_are_seen_in_the_checkpoint(
    tmp_path: Path, latest: dict[str, object] | None, expected: bool
) -> None:
    file = tmp_path / "stacks/cairn/dev.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": latest}}))
    assert may_have_pending(tmp_path, "cairn", "dev") is expected


def test_a_lock_from_another_machine_counts_as_held() -> None:
    assert BackendLock(Path("x"), 1, "elsewhere").alive()


def test_a_lock_whose_process_is_gone_is_dead() -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    assert not BackendLock(Path("x"), done.pid, socket.gethostname()).alive()


def test_a_lock_whose_number_belongs_to_another_program_is_dead() -> None:
    assert not BackendLock(Path("x"), os.getpid(), socket.gethostname()).alive()


def test_a_lock_of_a_dead_child_that_nobody_waited_for_is_dead(tmp_path: Path) -> None:
    pulumi = tmp_path / "pulumi"
    pulumi.write_text("#!/bin/sh\nexit 0\n")
    pulumi.chmod(0o755)
    with subprocess.Popen([pulumi]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not BackendLock(Path("x"), child.pid, socket.gethostname()).alive()
