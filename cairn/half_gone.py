"""A `down` that was killed: the state still has what is gone, and only another `down` goes on from there."""

from collections.abc import Iterator
from contextlib import contextmanager

from cairn.environment import Environment
from cairn.errors import UserError
from cairn.recovery import backend, locks_of, project
from catalog.directories import environment_root

MARK = "going"


@contextmanager
def going(environment: Environment) -> Iterator[None]:
    """Marks the environment as one that goes, until Pulumi has written what is left of it: then its lock is gone too.

    For a backend that is a directory on this machine.
    """
    files = backend()
    assert files is not None
    mark = environment_root(environment.name) / MARK
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield
    finally:
        if not locks_of(files, project(environment.workspace), environment.name):
            mark.unlink(missing_ok=True)


def refuse(name: str) -> None:
    """Raises UserError where a `down` of the environment was killed and has not been finished."""
    if (environment_root(name) / MARK).exists():
        raise UserError(
            f"environment {name} is half gone: its `down` was cut off before it wrote down what is left",
            fix=f"cairn down --name {name} --yes   (and then make it anew)",
        )
