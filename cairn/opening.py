"""What every command on an environment begins with: the programs, then the environment."""

from cairn.environment import Environment, pick
from cairn.supplying import report
from cairn.tools import prepare


def open_environment(name: str | None) -> Environment:
    """The environment of that name, or the only one; `pulumi` and its variables are ready for it."""
    prepare_programs()
    return pick(name)


def prepare_programs() -> None:
    """`pulumi` and its variables, for this process and all that it starts."""
    with report() as progress:
        prepare(None, progress)
