"""What can go wrong while items are supplied, told so that a person knows what to do next."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

NO_SPACE = re.compile(r"no space left on device|disk quota exceeded|ENOSPC|wrote only \d+ of \d+ bytes", re.IGNORECASE)
"""How go, tar, dpkg, apt, uv, crane and the registry all say that a filesystem is full."""


class CatalogError(Exception):
    """A failure whose text is the message for the user: what, where, and the command that helps."""


class DiskFullError(CatalogError):
    """The filesystem that holds the cache filled up; what was published before stays good."""


def free_mib(path: Path) -> int:
    """MiB free for us on the filesystem that holds `path` or, where it doesn't exist yet, its nearest parent."""
    while not path.exists():
        path = path.parent
    figures = os.statvfs(path)
    return figures.f_bavail * figures.f_frsize // 2**20


def mount_point(path: Path) -> tuple[str, str]:
    """The device and mount point of the filesystem that holds `path`."""
    path = path.resolve()
    mounts = [part for part in psutil.disk_partitions(all=True) if path.is_relative_to(part.mountpoint)]
    if not mounts:
        return "unknown", "/"
    deepest = max(mounts, key=lambda part: len(part.mountpoint))
    return deepest.device, deepest.mountpoint


def disk_full(item: str, needed_mib: int, path: Path) -> DiskFullError:
    """The error for a full disk: which filesystem, what is free, what the item needs."""
    device, mount = mount_point(path)
    return DiskFullError(
        f"{item}: no space left on {mount} ({device}), which holds {path}: {free_mib(path)} MiB free, "
        f"about {needed_mib} MiB needed.\n"
        "  Free some space, or move the cache by setting XDG_CACHE_HOME, and run the same command again: "
        "finished items are kept."
    )


@contextmanager
def explain_disk_full(item: str, needed_mib: int, path: Path) -> Iterator[None]:
    """Turns every way in which a full disk shows itself within the block into one DiskFullError."""
    try:
        yield
    except DiskFullError:
        raise
    except CatalogError as error:
        # Some programs only say that something failed: an all but full disk is then the likeliest reason.
        if NO_SPACE.search(str(error)) or free_mib(path) < 1:
            raise disk_full(item, needed_mib, path) from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(item, needed_mib, path) from error
        raise CatalogError(f"{item}: {error}") from error
