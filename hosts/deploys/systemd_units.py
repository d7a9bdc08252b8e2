"""Files that a systemd unit runs from, and the unit itself, as one step."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

from pyinfra.operations import files, systemd

from hosts.deploys.templates import render
from hosts.operations.programs import program


def text_file(path: str, text: str, mode: str = "644") -> Any:
    """A file on the host with this text."""
    return files.put(name=path, src=StringIO(text), dest=path, mode=mode)


def binary_file(path: str, source: str) -> Any:
    """An executable on the host, copied from this machine's `source`."""
    return program(name=path, src=source, dest=path)


def unit(name: str, sources: Sequence[Any], *, start: bool = True) -> None:
    """The unit by its template, enabled, running, and restarted when it or one of `sources` changed.

    With `start` off, something else starts it for the first time.
    """
    file = text_file(f"/etc/systemd/system/{name}", render(f"{name.removeprefix('cairn-')}.j2"))

    def changed() -> bool:
        return any(operation.did_change() for operation in (file, *sources))

    running = True if start else None
    systemd.daemon_reload(name=f"{name} is known", _if=file.did_change)
    systemd.service(name=f"{name} runs what is installed", service=name, running=running, restarted=True, _if=changed)
    systemd.service(name=f"{name} is enabled", service=name, running=running, enabled=True)
