"""`cairn preflight`: is this machine fit for a profile?"""

import typer

from cairn import completion
from cairn.console import out, print_json
from cairn.options import AsJson, Context, Kubeconfig, Name, Overrides
from cairn.overrides import parse

EXAMPLES = """Examples:

    cairn preflight laptop

    cairn preflight laptop --set cluster.address_range=10.90.0.0/24 --json
"""


def command(
    profile: str = typer.Argument(
        "laptop",
        metavar="[PROFILE]",
        help="A profile's name or the path of a YAML file.",
        autocompletion=completion.profiles,
    ),
    name: Name = None,
    overrides: Overrides = [],  # noqa: B006 (Typer copies it)
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    json: AsJson = False,
) -> None:
    """Look at this machine and say, line by line, what a profile needs: PASS, WARN or FAIL, and what fixes it.

    Changes nothing. Exits with 1 when a line says FAIL.
    """
    from cairn.environment import default_name
    from cairn.preflight.run import failures, run
    from cairn.preflight.shown import table
    from catalog.supply import resolve
    from modules.validation import load

    wanted = load(profile, parse(overrides))
    supply, why = resolve("auto")
    checks = run(wanted, name or default_name(profile), supply, kubeconfig, context)
    if json:
        ok = not failures(checks)
        print_json({"profile": profile, "ok": ok, "supply": supply, "checks": [vars(check) for check in checks]})
    else:
        out.print(table(checks))
        out.print(f"\nsupply: {supply} ({why})", markup=False)
    raise typer.Exit(1 if failures(checks) else 0)
