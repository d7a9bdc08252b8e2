"""`cairn preflight`: is this machine fit for a profile?"""

from typing import Annotated

import typer

from cairn import completion
from cairn.console import out, print_json
from cairn.options import AsJson, Context, Kubeconfig, Name, Overrides
from cairn.overrides import parse

EXAMPLES = """Examples:

    cairn preflight laptop

    cairn preflight laptop --set cluster.address_range=10.90.0.0/24 --json

    cairn preflight --name team-lab
"""


def command(
    profile: Annotated[
        str | None,
        typer.Argument(
            metavar="[PROFILE]",
            help="A profile's name or the path of a YAML file. [default: what the environment keeps, or laptop]",
            autocompletion=completion.profiles,
        ),
    ] = None,
    name: Name = None,
    overrides: Overrides = [],  # noqa: B006 (Typer copies it)
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    json: AsJson = False,
) -> None:
    """Look at this machine and say, line by line, what a profile needs: PASS, WARN or FAIL, and what fixes it.

    With `--name` it looks at what that environment keeps: its profile, overrides, supply and kubeconfig, with the words
    given here on top. Changes nothing. Exits with 1 when a line says FAIL.
    """
    from cairn.plan import wanted
    from cairn.preflight.run import failures, run
    from cairn.preflight.shown import table
    from catalog.supply import resolve

    environment, settings, looked_at = wanted(profile, name, parse(overrides), kubeconfig, context)
    supply, why = resolve(settings.supply)
    checks = run(looked_at, environment, supply, settings.kubeconfig, settings.context)
    if json:
        ok = not failures(checks)
        print_json(
            {"profile": settings.profile, "ok": ok, "supply": supply, "checks": [vars(check) for check in checks]}
        )
    else:
        out.print(table(checks))
        out.print(f"\nsupply: {supply} ({why})", markup=False)
    raise typer.Exit(1 if failures(checks) else 0)
