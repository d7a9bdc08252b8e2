"""Image layers as tar files whose bytes depend on their content alone: sorted, no times, no owners."""

import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FORMAT = tarfile.PAX_FORMAT
PIECE = 1 << 20
"""Bytes that are read at a time."""


@dataclass(frozen=True)
class Member:
    """One file of a layer: from `source` or `content`, or a directory where both are None."""

    path: str
    mode: int
    source: Path | None = None
    content: bytes | None = None


def tree(source: Path, prefix: str) -> list[Member]:
    """The members for a whole directory, to lie at `prefix` in the image. Links and special files don't occur here."""
    members = [Member(prefix, 0o755)]
    for path in source.rglob("*"):
        place = f"{prefix}/{path.relative_to(source)}"
        executable = path.is_dir() or path.stat().st_mode & 0o100
        members.append(Member(place, 0o755 if executable else 0o644, None if path.is_dir() else path))
    return members


def write(target: Path, members: Iterable[Member]) -> None:
    """Writes a layer with `members` and the directories above them."""
    wanted = {member.path.strip("/"): member for member in members}
    for path in list(wanted):
        for parent in PurePosixPath(path).parents:
            if str(parent) != ".":
                wanted.setdefault(str(parent), Member(str(parent), 0o755))
    with tarfile.open(target, "w", format=FORMAT) as tar:
        for path in sorted(wanted):
            _add(tar, path, wanted[path])


def _add(tar: tarfile.TarFile, path: str, member: Member) -> None:
    info = tarfile.TarInfo(path)
    info.mode = member.mode
    if member.content is not None:
        info.size = len(member.content)
        tar.addfile(info, io.BytesIO(member.content))
    elif member.source is not None:
        info.size = member.source.stat().st_size
        with member.source.open("rb") as stream:
            tar.addfile(info, stream)
    else:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)


def write_difference(target: Path, base: Path, whole: Path) -> None:
    """Writes the members of the layer `whole` that `base` lacks or has otherwise; times are no matter."""
    with tarfile.open(base) as below, tarfile.open(whole) as above, tarfile.open(target, "w", format=FORMAT) as tar:
        there = {member.name: _identity(below, member) for member in below}
        for member in above:
            if there.get(member.name) != _identity(above, member):
                tar.addfile(member, above.extractfile(member) if member.isreg() else None)


def _identity(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    """What a member is; a directory is its name and rights alone."""
    digest = hashlib.sha256(member.linkname.encode())
    if stream := tar.extractfile(member) if member.isreg() else None:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return member.type, member.mode, member.uid, member.gid, digest.digest()


def extract_file(layer: Path, path: str) -> bytes:
    """The content of one file of a layer made by mmdebstrap, whose members start with `./`."""
    with tarfile.open(layer) as tar:
        stream = tar.extractfile(f"./{path}")
        if stream is None:
            raise OSError(f"{path} in {layer} is not a file")
        return stream.read()
