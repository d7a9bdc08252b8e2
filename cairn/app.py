"""The command line as a whole: `cairn COMMAND`."""

from importlib.metadata import version
from typing import Annotated

import typer

from cairn.commands import (
    access,
    ca,
    down,
    env,
    image,
    kubeconfig,
    list_,
    password,
    preflight,
    preview,
    profile,
    smoke,
    status,
    up,
)
from cairn.options import HELP_NAMES
from catalog.cli import catalog_app

app = typer.Typer(
    name="cairn",
    help="A Cloud Native AI platform, from a bare machine or an existing cluster, by Pulumi.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings=HELP_NAMES,
    epilog="Start with `cairn preflight laptop`, then `cairn up laptop`.",
)


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=lambda on: _print(on))
    ] = False,
) -> None:
    """Take what stands before the command."""


def _print(on: bool) -> None:
    if on:
        typer.echo(f"cairn {version('cairn')}")
        raise typer.Exit


for command in (preflight, up, preview, status, list_, smoke, kubeconfig, ca, down, env):
    app.command(name=command.__name__.rpartition(".")[2].rstrip("_"), epilog=command.EXAMPLES)(command.command)
app.add_typer(access.app, name="access")
app.add_typer(image.app, name="image")
app.add_typer(profile.app, name="profile")
app.add_typer(password.app, name="password")
app.add_typer(catalog_app, name="catalog")
