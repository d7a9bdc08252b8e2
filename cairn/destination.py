"""Where a command's result goes when `--output` names a file: devices are written to, links are followed.

`ssh-keygen` and `gh` behave so too: what a person names is written, and never replaced by something of another kind.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from cairn.errors import UserError

STDOUT = Path("-")
"""As an output it means what no output means."""
SECRET, PUBLIC = 0o600, 0o666
"""Modes of a fresh file; the person's umask takes from them."""


def check(output: Path | None) -> Path | None:
    """Where to write: None for stdout. Raises UserError for what can't be written to, before anything is asked for."""
    if output is None or output == STDOUT:
        return None
    found = _mode(output)
    if not output.resolve().parent.is_dir():
        parent = output.resolve().parent
        raise UserError(f"there is no folder {parent}", where=f"--output {output}", fix=f"mkdir -p {parent}")
    if found is not None and stat.S_ISDIR(found):
        raise UserError(f"{output} is a folder", where=f"--output {output}", fix="name a file in it")
    if found is not None and (stat.S_ISBLK(found) or stat.S_ISSOCK(found)):
        what = "a disk" if stat.S_ISBLK(found) else "a socket"
        raise UserError(f"{output} is {what}", where=f"--output {output}", fix="name a file")
    return output


def write(output: Path, text: str, mode: int) -> None:
    """Write the text there; a file is whole or as it was, and nothing is left beside it.

    What the kernel refuses is a UserError: no right to write, a link that /proc/sys/fs/protected_symlinks forbids.
    """
    try:
        found = _mode(output)
        if found is not None and not stat.S_ISREG(found):
            with output.open("w") as device:
                device.write(text)
            return
        if output.is_symlink():
            # Opening it asks the kernel whether this link may be followed.
            os.close(os.open(output, os.O_WRONLY | os.O_CREAT, mode))
        _replace(output.resolve(), text, mode)
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{output} can't be written: {why}", where=f"--output {output}", fix="name another") from None


def _replace(file: Path, text: str, mode: int) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as stream:
            stream.write(text)
        fresh.replace(file)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


def _mode(file: Path) -> int | None:
    """What kind of thing a path names, links followed; None when nothing is there."""
    try:
        return file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
