import json
import os
import socket
import subprocess
from pathlib import Path

from cairn.recovery import BackendLock, backend_locks


def write(directory: Path, pid: int, host: str) -> None:
    place = directory / ".pulumi/locks/organization/cairn/dev"
    place.mkdir(parents=True)
    (place / "one.json").write_text(json.dumps({"pid": pid, "hostname": host, "username": "root"}))


def test_locks_of_a_file_backend_are_read(tmp_path: Path) -> None:
    write(tmp_path, 42, "there")
    (found,) = backend_locks(f"file://{tmp_path}", "cairn", "dev")
    assert (found.pid, found.host) == (42, "there")
    assert backend_locks(f"file://{tmp_path}", "cairn", "other") == []


def test_other_backends_are_left_to_pulumi() -> None:
    assert backend_locks("s3://bucket", "cairn", "dev") == []


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
