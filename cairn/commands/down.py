"""`cairn down`: take an environment away, and say first what is lost with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from cairn.console import err, interactive, out, print_json, say
from cairn.errors import UserError
from cairn.options import AsJson, Name, Yes

if TYPE_CHECKING:
    from cairn.take_down import Volume

EXAMPLES = """Examples:

    cairn down

    cairn down --name team-lab --yes --json
"""


def command(name: Name = None, yes: Yes = False, json: AsJson = False) -> None:
    """Take everything of an environment away: workloads, modules, nodes, links, files, and its state.

    Names the volumes that are deleted with it and asks on a terminal; scripts say `--yes`. An existing cluster stays;
    only what Cairn installed there goes, and before it what people made of its kinds. Works with a dead API server,
    and again after an interruption; what is gone already is no error. After a `down` that was killed only another
    goes on: `up` refuses what is half gone.
    """
    from cairn.environment import names as environments
    from cairn.opening import open_environment
    from cairn.take_down import left, objects, take_down, volumes

    environment = open_environment(name)
    if environment.find() is None and not left(environment.name):
        known = ", ".join(environments(environment.workspace)) or "none"
        say(f"there is no environment {environment.name}, so nothing to take down (environments: {known})")
        if json:
            print_json({"environment": environment.name, "volumes_deleted": [], "seconds": 0})
        return
    lost = volumes(environment)
    people = objects(environment)
    if not yes:
        confirm(environment.name, lost, [each.label for each in people[1]] if people else [])
    seconds = take_down(environment.name)
    if json:
        names = None if lost is None else [volume.claim for volume in lost]
        print_json({"environment": environment.name, "volumes_deleted": names, "seconds": seconds})
    else:
        out.print(f"{environment.name} is gone after {seconds:.0f} s", markup=False)


def confirm(environment: str, lost: "list[Volume] | None", objects: Sequence[str] = ()) -> None:
    """Ask; end the command unless the answer is yes. `objects` are people's, of kinds that go."""
    if lost is None:
        err.print("The cluster does not answer: its volumes, if there are any, can't be named.")
    elif lost:
        err.print("These volumes and what is on them will be deleted:")
        for volume in lost:
            err.print(f"  {volume.claim}  {volume.size}", markup=False)
    if objects:
        err.print("These are ended, as what runs them goes:")
        for each in objects:
            err.print(f"  {each}", markup=False)
    if not interactive():
        raise UserError(
            f"nobody can be asked whether {environment} may be deleted", fix=f"cairn down --name {environment} --yes"
        )
    if not typer.confirm(f"Delete environment {environment}?", err=True):
        raise UserError("nothing was deleted", exit_code=1)
