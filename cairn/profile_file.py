"""A profile that is a file: how its path is kept, and what is said when nothing lies there any more."""

from pathlib import Path

from cairn.errors import UserError
from catalog.directories import REPOSITORY


def portable(profile: str) -> str:
    """A profile's path as the program, which runs elsewhere, will find it: a name stays, a path gets absolute."""
    return str(Path(profile).expanduser().resolve()) if is_path(profile) else profile


def is_path(profile: str) -> bool:
    """Whether this is a file's path, not the name of a profile that comes with Cairn."""
    return "/" in profile or profile.endswith((".yaml", ".yml"))


def refuse_moved(environment: str, profile: str) -> None:
    """Say of a kept profile that was moved or deleted how to point its environment to it anew."""
    if is_path(profile) and not (REPOSITORY / Path(profile).expanduser()).is_file():
        raise UserError(
            f"the profile of environment {environment} is not there any more",
            where=profile,
            fix=f"cairn up NEW/PATH/{Path(profile).name} --name {environment}",
        )
