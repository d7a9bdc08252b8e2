"""Programs on a host, copied from this machine."""

from collections.abc import Generator
from pathlib import PurePosixPath
from typing import Any

from pyinfra import host
from pyinfra.api import FileUploadCommand, operation
from pyinfra.api.util import get_file_sha1
from pyinfra.facts.files import Sha1File


@operation()
def program(src: str, dest: str) -> Generator[Any, None, None]:
    """Makes the executable `dest` on the host equal to this machine's `src`; one that runs meanwhile runs on.

    (Linux refuses to write to a program that runs, "text file busy", but not to put another in its place.)
    """
    if host.get_fact(Sha1File, path=dest) == get_file_sha1(src):
        host.noop(f"{dest} is up to date")
        return
    fresh = f"{dest}.new"
    yield f"mkdir -p {PurePosixPath(dest).parent}"
    yield FileUploadCommand(src, fresh, remote_temp_filename=host.get_temp_filename(fresh))
    yield f"chmod 755 {fresh} && mv -f {fresh} {dest}"
