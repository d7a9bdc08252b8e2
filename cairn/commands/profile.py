"""`cairn profile`: what profiles there are, what one amounts to, whether one is right."""

from json import dumps as as_json
from typing import Annotated

import typer
from rich.table import Table

from cairn import completion
from cairn.console import out, print_json
from cairn.options import HELP_NAMES, AsJson, Overrides
from cairn.overrides import parse

LIST = """Examples:

    cairn profile list

    cairn profile list --json
"""
SHOW = """Examples:

    cairn profile show laptop

    cairn profile show laptop --set cluster.workers=2 --json
"""
VALIDATE = """Examples:

    cairn profile validate ./mine.yaml

    cairn profile validate laptop --set budget.cpu=4
"""
app = typer.Typer(help="List, show and check profiles.", no_args_is_help=True, context_settings=HELP_NAMES)

Profile = Annotated[
    str,
    typer.Argument(
        metavar="PROFILE",
        help="A profile's name or the path of a YAML file.",
        autocompletion=completion.profiles,
    ),
]


@app.command(name="list", epilog=LIST)
def list_profiles(json: AsJson = False) -> None:
    """Name the profiles that come with Cairn."""
    from modules.validation import load
    from profiles.load import available

    rows = [{"name": name, "description": load(name).description} for name in available()]
    if json:
        print_json(rows)
        return
    for row in rows:
        out.print(f"{row['name']:<12}{row['description']}", markup=False)


@app.command(epilog=SHOW)
def show(profile: Profile, overrides: Overrides = [], json: AsJson = False) -> None:  # noqa: B006 (Typer copies it)
    """Print the merged profile with where each value came from: a file, `--set`, or the schema's default."""
    from modules.validation import read

    settings = read(profile, parse(overrides)).settings()
    if json:
        print_json([vars(setting) for setting in settings])
        return
    table = Table("key", "value", "from", box=None, pad_edge=False)
    for setting in settings:
        table.add_row(setting.key, _plain(setting.value), setting.origin)
    out.print(table)


@app.command(epilog=VALIDATE)
def validate(profile: Profile, overrides: Overrides = [], json: AsJson = False) -> None:  # noqa: B006 (Typer copies it)
    """Check a profile: unknown keys, types, ranges, quotas against the budget. Exits with 2 when it is not valid."""
    from modules.validation import load
    from profiles.errors import ProfileError

    try:
        load(profile, parse(overrides))
    except ProfileError as error:
        if not json:
            raise
        print_json({"profile": profile, "valid": False, "errors": [line.strip() for line in str(error).splitlines()]})
        raise typer.Exit(2) from None
    if json:
        print_json({"profile": profile, "valid": True, "errors": []})
        return
    out.print(f"{profile} is valid", markup=False)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else as_json(value)
