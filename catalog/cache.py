"""The content-addressed cache: one directory per item and key, published whole, with a receipt of its content.

An entry is built beside its final place and renamed there, so it is complete or absent whatever kills the build.
One lock per item makes concurrent runs wait for each other instead of building twice; the kernel drops the lock of
a process that dies. Whoever holds the lock may delete what an earlier holder left half done.
"""

import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from catalog.directories import cache_root
from catalog.errors import CatalogError
from catalog.items import Item

RECEIPT = "receipt.json"


@dataclass(frozen=True)
class FileRecord:
    """What a file was when its entry was published; a symbolic link's `sha256` is its target's text."""

    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True)
class Receipt:
    """What an entry holds and what it cost. `blobs` are files of the registry's store, named from the cache's root."""

    item: str
    key: str
    supply: str
    seconds: float
    digest: str = ""
    """Of an image's manifest, or of the file that upstream gave."""
    files: dict[str, FileRecord] = field(default_factory=dict)
    blobs: dict[str, FileRecord] = field(default_factory=dict)


def directory(item: Item, key: str) -> Path:
    """Where the entry lies once it is published."""
    return cache_root() / "items" / item.kind / item.name / key


def record(path: Path) -> FileRecord:
    """Reads a file (or a link) to the end and records it."""
    figures = path.lstat()
    if path.is_symlink():
        content = hashlib.sha256(str(path.readlink()).encode())
    else:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256")
    return FileRecord(figures.st_size, figures.st_mtime_ns, content.hexdigest())


def fault(path: Path, known: FileRecord, full: bool) -> str:
    """Why `path` is not what was recorded; empty when it is. Only a full check reads files that look untouched."""
    try:
        figures = path.lstat()
        if figures.st_size != known.size:
            return f"{path}: {figures.st_size} bytes, recorded {known.size}"
        if (full or figures.st_mtime_ns != known.mtime_ns) and record(path).sha256 != known.sha256:
            return f"{path}: content is not what was recorded"
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""


def read(item: Item, key: str) -> Receipt | None:
    """The receipt of a published entry, unchecked; None when there is none that can be read."""
    try:
        content = json.loads((directory(item, key) / RECEIPT).read_text())
        for part in ("files", "blobs"):
            content[part] = {name: FileRecord(*record) for name, record in content[part].items()}
        return Receipt(**content)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def faults(item: Item, key: str, full: bool = False) -> Iterator[str]:
    """What is wrong with an entry, each as a clause; nothing for a good one."""
    receipt = read(item, key)
    if receipt is None:
        yield f"{directory(item, key)}: no readable receipt"
        return
    places = [(directory(item, key) / name, known) for name, known in receipt.files.items()]
    places += [(cache_root() / name, known) for name, known in receipt.blobs.items()]
    yield from filter(None, (fault(path, known, full) for path, known in places))


def find(item: Item, key: str) -> Receipt | None:
    """The receipt of an entry that is there and looks untouched (sizes and times), else None."""
    receipt = read(item, key)
    return None if receipt is None or any(faults(item, key)) else receipt


def mark_used(item: Item, key: str) -> None:
    """Notes that an entry is of use now, for `last_used`."""
    os.utime(directory(item, key) / RECEIPT)


def last_used(entry: Path) -> float:
    """When an entry was last made or asked for, in seconds since 1970."""
    receipt = entry / RECEIPT
    return (receipt if receipt.exists() else entry).stat().st_mtime


def set_aside(item: Item, key: str) -> None:
    """Makes an entry count as missing, so that it is made again; its files stay until then."""
    (directory(item, key) / RECEIPT).unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Deletes a tree, never crossing into a filesystem that a killed build left mounted in it."""
    done = subprocess.run(["rm", "-rf", "--one-file-system", path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CatalogError(f"can't delete {path}: {done.stderr.strip()}")


@contextmanager
def locked(name: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Holds the machine-wide lock `name`, calling `waiting` once if another process has it."""
    path = cache_root() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        _lock(stream, waiting)
        yield


@contextmanager
def in_use() -> Iterator[None]:
    """Keeps everybody from pruning while the block makes entries and looks them up."""
    with _prune_lock() as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        yield


@contextmanager
def in_nobodys_use(waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Holds the cache while nobody makes or looks up entries, calling `waiting` once if somebody does."""
    with _prune_lock() as stream:
        _lock(stream, waiting)
        yield


def _lock(stream: TextIO, waiting: Callable[[], None]) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(stream, fcntl.LOCK_EX)


def _prune_lock() -> TextIO:
    path = cache_root() / "locks" / "prune"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w")


@contextmanager
def workspace(item: Item, key: str) -> Iterator[Path]:
    """A fresh directory for building `item`, on the cache's filesystem; the caller holds the item's lock.

    It has `out`, which becomes the entry, and `tmp`. It is deleted at the end, as is what a killed run left.
    """
    parent = directory(item, key).parent
    parent.mkdir(parents=True, exist_ok=True)
    for leftover in parent.glob(".*"):
        remove(leftover)
    work = parent / f".building-{key}"
    (work / "out").mkdir(parents=True)
    (work / "tmp").mkdir()
    try:
        yield work
    finally:
        remove(work)


def publish(work: Path, item: Item, receipt: Receipt) -> Receipt:
    """Makes `work/out` the entry of `item`, replacing a broken one; returns the receipt with the files recorded."""
    out = work / "out"
    files = {
        str(path.relative_to(out)): record(path)
        for path in sorted(out.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
    complete = Receipt(**{**vars(receipt), "files": files})
    plain = asdict(complete)
    for part in ("files", "blobs"):
        plain[part] = {name: list(known.values()) for name, known in plain[part].items()}
    text = json.dumps(plain)
    with (out / RECEIPT).open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    final = directory(item, receipt.key)
    if final.exists():
        final.rename(work / "replaced")
    out.rename(final)
    return complete
