"""`cairn password`: which passwords there are, and another one in the place of one."""

from typing import Annotated

import typer

from cairn.console import out, print_json
from cairn.errors import UserError
from cairn.options import HELP_NAMES, AsJson, Name

app = typer.Typer(help="The passwords of an environment's accounts.", no_args_is_help=True, context_settings=HELP_NAMES)

LIST_EXAMPLES = """Examples:

    cairn password list

    cairn password list --name team-lab --json
"""
ROTATE_EXAMPLES = """Examples:

    cairn password rotate tracking-red

    cairn password rotate database-administrator online-store --name team-lab

    cairn password rotate --all --json
"""


@app.command("list", epilog=LIST_EXAMPLES)
def show(name: Name = None, json: AsJson = False) -> None:
    """Print the passwords' names, such as MODULE-CONSUMER and MODULE-administrator; never their texts."""
    from cairn.opening import open_environment
    from cairn.passwords import passwords

    environment = open_environment(name)
    names = [each.name for each in passwords(environment)]
    if json:
        print_json({"environment": environment.name, "passwords": names})
    else:
        for each in names:
            out.print(each, markup=False)


@app.command("rotate", epilog=ROTATE_EXAMPLES)
def rotate(
    names: Annotated[list[str] | None, typer.Argument(metavar="PASSWORD", help="Their names. Repeatable.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    name: Name = None,
    json: AsJson = False,
) -> None:
    """Draw other passwords, set them wherever they count, and wait until everything serves with them.

    Everything else stays as it is; what the environment keeps is brought up to date too, as `cairn up` does. The old
    password is refused from then on: a team's pods that run on read the new one when they are started anew.
    """
    from cairn.bring_up import bring_up
    from cairn.opening import open_environment
    from cairn.passwords import chosen, passwords
    from cairn.plan import Request, settle
    from cairn.summary import as_data, text

    if everything == bool(names):
        raise UserError("which passwords?", fix="cairn password rotate NAME, or: cairn password rotate --all")
    environment = open_environment(name)
    known = passwords(environment)
    wanted = chosen(known, [each.name for each in known] if everything else names or [], environment.name)
    outcome = bring_up(settle(Request(None, environment.name)), anew=tuple(each.urn for each in wanted))
    if json:
        print_json({**as_data(outcome), "passwords": [each.name for each in wanted]})
    else:
        out.print(text(outcome), markup=False)
        out.print(f"drawn anew: {', '.join(each.name for each in wanted)}", markup=False)
