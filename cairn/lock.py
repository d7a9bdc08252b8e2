"""One change at a time per environment: a lock that the kernel drops with the process that holds it."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from cairn.errors import UserError
from catalog.directories import state_root

GRACE_SECONDS = 10
"""How long an orphaned `pulumi` may take to write down what it did before it is killed."""


@dataclass(frozen=True)
class Holder:
    """What the lock file says: who holds the lock, and the session that works for it (0: none)."""

    pid: int = 0
    session: int = 0
    boot: str = ""
    started: float = 0
    """When the session's leader started (seconds since 1970): its number may have become another's since."""


@dataclass
class Lock:
    """A held lock; `forget` says that its environment is gone and the file should go with it."""

    file: Path
    forget: bool = False

    def note_session(self, leader: int) -> None:
        """Write down the leader of the session that does the work, for whoever finds it orphaned (0: none)."""
        self.file.write_text(json.dumps(asdict(Holder(os.getpid(), leader, _boot(), _started(leader)))))


@contextmanager
def environment_lock(environment: str, command: str, reading: bool = False) -> Iterator[Lock]:
    """Hold the environment's lock while the block runs.

    A second process gets a `UserError` naming the first one's pid. When the first one was killed, what it left
    running (its `pulumi` and the plug-ins) is ended first: nobody else may write to the state. Who is only `reading`
    ends nothing and gets a `UserError` then too.
    """
    file = state_root() / "locks" / environment
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _open_locked(file)
    if descriptor is None:
        holder = _read(file).pid
        raise UserError(
            f"environment {environment} is being changed by another process (pid {holder or 'unknown'})",
            where=str(file),
            fix=f"wait until it ends (ps {holder}), then: cairn {command}",
        )
    lock = Lock(file)
    try:
        left = _read(file)
        if left.session and left.boot == _boot() and _started(left.session) in (0, left.started):
            if reading and _session(left.session):
                raise UserError(
                    f"environment {environment} is being changed by what a killed `cairn` left running",
                    where=f"session {left.session}",
                    fix=f"wait until it ends (ps -s {left.session}), or: cairn up --name {environment}",
                )
            end_session(left.session, GRACE_SECONDS)
        lock.note_session(0)
        yield lock
    finally:
        if lock.forget:
            file.unlink()
        os.close(descriptor)


def _open_locked(file: Path) -> int | None:
    """The file, locked; None when somebody else holds it. A file that its last holder took away is made anew."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if file.exists() and os.path.samestat(os.fstat(descriptor), file.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)


def _read(file: Path) -> Holder:
    try:
        return Holder(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return Holder()


def _boot() -> str:
    """What tells this boot from the last one, after which the same number is another process."""
    file = Path("/proc/sys/kernel/random/boot_id")
    return file.read_text().strip() if file.exists() else str(int(psutil.boot_time()))


def _started(pid: int) -> float:
    """When the process started; 0 when there is none (any more)."""
    try:
        return psutil.Process(pid).create_time() if pid else 0
    except psutil.NoSuchProcess:
        return 0


def end_session(leader: int, grace: float) -> None:
    """End every process of a session: its leader is asked to stop; what is alive past the grace is killed."""
    for member in _session(leader):
        if member.pid == leader:
            _signal(member, signal.SIGTERM)
    psutil.wait_procs(_session(leader), timeout=grace)
    while members := _session(leader):
        for member in members:
            _signal(member, signal.SIGKILL)
        psutil.wait_procs(members, timeout=1)


def _session(leader: int) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _session_of(process) == leader]


def _session_of(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getsid(process.pid)
    except (OSError, psutil.Error):
        return None


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
