"""Names of an environment in this machine's /etc/hosts: a line each, marked as that environment's and no other's."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hosts.errors import HostError
from hosts.local.plan import Network


def file() -> Path:
    """The file; CAIRN_HOSTS_FILE names another, for tests."""
    return Path(os.environ.get("CAIRN_HOSTS_FILE", "/etc/hosts"))


def mark(network: Network) -> str:
    """What each line of the environment ends in; another state directory's environment of that name has another."""
    return f"# cairn {network.environment} {network.handle}"


def with_names(text: str, mark: str, address: str, names: Sequence[str]) -> str:
    """The text with these names at its end and no others under that mark. Pure."""
    kept = without_names(text, mark)
    end = "" if not kept or kept.endswith("\n") else "\n"
    return kept + end + "".join(f"{line}\n" for line in _lines(mark, address, names))


def without_names(text: str, mark: str) -> str:
    """The text without the lines under that mark. Pure."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.rstrip().endswith(mark))


def taken(text: str, names: Sequence[str]) -> dict[str, str]:
    """Which of the names the text has, each with its line. Pure."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        for name in line.partition("#")[0].split()[1:]:
            if name in names:
                found.setdefault(name, line.strip())
    return found


def present(network: Network, address: str, names: Sequence[str]) -> bool:
    """Whether the file has these names for the environment, and no others."""
    return _marked(network) == _lines(mark(network), address, names)


def marked(network: Network) -> bool:
    """Whether the file has a line of the environment."""
    return bool(_marked(network))


def write(network: Network, address: str, names: Sequence[str]) -> None:
    """Puts the names there, in place of the environment's former ones.

    Raises HostError when one of them is there already for somebody else, or the file can't be written.
    """

    def change(text: str) -> str:
        for name, line in taken(without_names(text, mark(network)), names).items():
            raise HostError(
                f"{name} is in {file()} already: {line!r}. Remove that line, or choose another domain: "
                "`cairn up PROFILE --set modules.gateway.domain=NAME.test`"
            )
        return with_names(text, mark(network), address, names)

    _change(change)


def remove(network: Network) -> None:
    """Takes the environment's lines out, if there are any; all else in the file stays as it is, to the byte."""
    if marked(network):
        _change(lambda text: without_names(text, mark(network)))


def _lines(mark: str, address: str, names: Sequence[str]) -> list[str]:
    return [f"{address}\t{name}\t{mark}" for name in names]


def _marked(network: Network) -> list[str]:
    text = file().read_text() if file().exists() else ""
    return [line.rstrip() for line in text.splitlines() if line.rstrip().endswith(mark(network))]


def _change(change: Callable[[str], str]) -> None:
    path = file()
    try:
        with _turn(path.parent):
            while not _replaced(path, change):
                pass
    except OSError as error:
        raise HostError(
            f"{path} can't be changed: {error.strerror}. Run the same command as root, or leave it alone: "
            "`cairn up --unset modules.gateway.etc_hosts`"
        ) from error


def _replaced(path: Path, change: Callable[[str], str]) -> bool:
    """Puts the changed text in place at once; False if somebody else changed the file meanwhile."""
    before = path.stat()
    changed = change(path.read_text())
    fresh = path.with_name(f".{path.name}.cairn")
    fresh.write_text(changed)
    shutil.copymode(path, fresh)
    os.chown(fresh, before.st_uid, before.st_gid)
    after = path.stat()
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (after.st_ino, after.st_size, after.st_mtime_ns):
        return False
    try:
        fresh.replace(path)
    except OSError:
        # A container's /etc/hosts is often mounted, and can only be written to.
        path.write_text(changed)
        fresh.unlink()
    return True


@contextmanager
def _turn(directory: Path) -> Iterator[None]:
    """One of Cairn's processes at a time; the kernel ends the turn of one that was killed."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
