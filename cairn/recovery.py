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
    locks = backend_locks(os.environ["PULUMI_BACKEND_URL"], project(environment.workspace), environment.name)
    for lock in locks:
        if lock.alive():
            raise UserError(
                f"environment {environment.name} is being changed by pulumi (pid {lock.pid} on {lock.host})",
                where=str(lock.file),
                fix="wait until it ends",
            )
    if locks:
        environment.run("cancel", "--yes")


def project(workspace: LocalWorkspace) -> str:
    """The Pulumi project's name."""
    return str(workspace.project_settings().name)


def backend_locks(url: str, project: str, stack: str) -> list[BackendLock]:
    """The stack's lock files, in a backend that is a directory on this machine."""
    location = urlparse(url)
    if location.scheme != "file":
        return []
    directory = Path(location.path).expanduser() / ".pulumi" / "locks" / "organization" / project / stack
    return [_read(file) for file in sorted(directory.glob("*.json"))]


def _read(file: Path) -> BackendLock:
    try:
        content = json.loads(file.read_text())
        return BackendLock(file, int(content["pid"]), str(content["hostname"]))
    except (ValueError, KeyError, TypeError):
        return BackendLock(file, 0, socket.gethostname())


def forget_pending(environment: Environment) -> list[str]:
    """Drop the operations that were under way when a run was killed; returns the URNs.

    Pulumi can't know what became of them and, for creates, warns for ever. Cairn's creates take over what is there
    already, so the next `up` simply does them again.
    """
    state = json.loads(environment.run("stack", "export"))
    pending = state["deployment"].get("pending_operations") or []
    if pending:
        with tempfile.NamedTemporaryFile("w", prefix="cairn-", suffix=".json") as file:
            json.dump({**state, "deployment": {**state["deployment"], "pending_operations": []}}, file)
            file.flush()
            environment.run("stack", "import", "--file", file.name)
    return [operation["resource"]["urn"] for operation in pending]
