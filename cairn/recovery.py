"""What a killed run leaves behind in Pulumi's backend, and how the next one goes on: locks and pending operations."""

import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import psutil
from pulumi.automation import LocalWorkspace

from cairn.environment import Environment
from cairn.errors import UserError


@dataclass(frozen=True)
class BackendLock:
    """One lock file of Pulumi's file backend."""

    file: Path
    pid: int
    host: str

    def alive(self) -> bool:
        """Whether its holder may still run: another machine's always may; here it must be a `pulumi` process."""
        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            return process.name().startswith("pulumi") and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def clear_backend_lock(environment: Environment) -> None:
    """Cancel the locks that dead processes left; a `UserError` names a live one. Call under the environment's lock.

    Only a `file://` backend can be read so; any other one says by itself who holds its lock.
    """
    files = backend()
    locks = locks_of(files, project(environment.workspace), environment.name) if files else []
    for lock in locks:
        if lock.alive():
            raise UserError(
                f"environment {environment.name} is being changed by pulumi (pid {lock.pid} on {lock.host})",
                where=str(lock.file),
                fix="wait until it ends",
            )
    if locks:
        environment.run("cancel", "--yes")


def backend() -> Path | None:
    """Pulumi's bookkeeping in a backend that is a directory on this machine; None for any other backend."""
    location = urlparse(os.environ["PULUMI_BACKEND_URL"])
    return Path(location.path).expanduser() / ".pulumi" if location.scheme == "file" else None


def project(workspace: LocalWorkspace) -> str:
    """The Pulumi project's name."""
    return str(workspace.project_settings().name)


def locks_of(files: Path, project: str, stack: str) -> list[BackendLock]:
    """The stack's lock files."""
    return [_read(file) for file in sorted((files / "locks" / "organization" / project / stack).glob("*.json"))]


def _read(file: Path) -> BackendLock:
    try:
        content = json.loads(file.read_text())
        return BackendLock(file, int(content["pid"]), str(content["hostname"]))
    except (ValueError, KeyError, TypeError):
        return BackendLock(file, 0, socket.gethostname())


def forget_pending(environment: Environment) -> list[str]:
    """Drop the operations that were under way when a run was killed; returns the URNs.

    Pulumi can't know what became of them and, for creates, warns for ever. Cairn's creates take over what is there
    already, so the next `up` simply does them again; of releases `cut_off` makes Helm forget the attempt.
    """
    if not may_have_pending(backend(), project(environment.workspace), environment.name):
        return []
    state = json.loads(environment.run("stack", "export"))
    pending = state["deployment"].get("pending_operations") or []
    if pending:
        with tempfile.NamedTemporaryFile("w", prefix="cairn-", suffix=".json") as file:
            json.dump({**state, "deployment": {**state["deployment"], "pending_operations": []}}, file)
            file.flush()
            environment.run("stack", "import", "--file", file.name)
    return [operation["resource"]["urn"] for operation in pending]


def may_have_pending(files: Path | None, project: str, stack: str) -> bool:
    """A quick look at the checkpoint, where there is one to look at, so that the usual run needs no export."""
    if files is None:
        return True
    try:
        checkpoint = json.loads((files / "stacks" / project / f"{stack}.json").read_text())["checkpoint"]
    except (OSError, ValueError, KeyError):
        return True
    return bool((checkpoint.get("latest") or {}).get("pending_operations"))
