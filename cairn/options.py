"""Options that several commands share, so that each has one name, one meaning and one help text."""

from typing import Annotated, Any

import typer

from cairn import completion

HELP_NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
"""Settings of every group of commands."""


Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        "-n",
        envvar="CAIRN_ENVIRONMENT",
        help="The environment. [default: the only one there is]",
        autocompletion=completion.environments,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for scripts.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Overrides = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a profile's value by its dotted key. Repeatable."),
]
Unset = Annotated[
    list[str], typer.Option("--unset", metavar="KEY", help="Forget an override of an earlier run. Repeatable.")
]
Only = Annotated[
    list[str],
    typer.Option(
        "--only",
        metavar="MODULE",
        help="Just this module and what it requires; kept. Repeatable.",
        autocompletion=completion.modules,
    ),
]
Without = Annotated[
    list[str],
    typer.Option(
        "--without",
        metavar="MODULE",
        help="Not this module, nor what requires it; kept. Repeatable.",
        autocompletion=completion.modules,
    ),
]
ProfileName = Annotated[
    str | None,
    typer.Argument(
        metavar="PROFILE",
        help="A profile's name or the path of a YAML file. [default: the one in use]",
        autocompletion=completion.profiles,
    ),
]
SupplyChoice = Annotated[
    str,
    typer.Option("--supply", help="Where items come from: source, upstream, or auto, which asks once; kept."),
]
Kubeconfig = Annotated[
    str,
    typer.Option(
        "--kubeconfig",
        metavar="FILE",
        help="The cluster of a profile with provider `existing`: a file, or several between colons; kept.",
    ),
]
Context = Annotated[str, typer.Option("--context", help="The context in that kubeconfig; kept. [default: its current]")]
