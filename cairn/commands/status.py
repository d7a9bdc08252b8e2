"""`cairn status`: what is there, and does it serve?"""

from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from cairn.console import out, print_json
from cairn.options import AsJson, Name

if TYPE_CHECKING:
    from cairn.health import Health
    from cairn.upkeep import Upkeep

EXAMPLES = """Examples:

    cairn status

    cairn status --name laptop --json | jq '.modules[] | select(.ready | not)'
"""


def command(name: Name = None, json: AsJson = False) -> None:
    """Say of each module its version, whether it serves, and why not; of each node its devices; when certificates end.

    Exits with 1 when a module or a node is not ready (a node that was cordoned takes no pods, and so is not), a
    certificate has ended, or nodes can't reach each other.
    """
    from cairn.cluster import reach
    from cairn.health import look
    from cairn.opening import open_environment
    from cairn.upkeep import look as look_ahead

    environment = open_environment(name)
    cluster = reach(environment)
    health, upkeep = look(cluster), look_ahead(environment.name, cluster)
    ready = health.ready() and upkeep.ready()
    if json:
        print_json({"environment": environment.name, **health.as_data(), **upkeep.as_data(), "ready": ready})
    else:
        out.print(Text(f"environment {environment.name}: profile {health.profile}, supply {health.supply}\n"))
        out.print(modules(health))
        out.print()
        out.print(nodes(health))
        out.print()
        out.print(certificates(upkeep))
        for fault in upkeep.faults:
            out.print(Text(f"\n{fault}", "red"))
    raise typer.Exit(0 if ready else 1)


def modules(health: "Health") -> Table:
    """One row per module; the reasons and notes stand beside it."""
    table = Table("module", "version", "ready", "", box=None, pad_edge=False, header_style="bold")
    for row in health.modules:
        table.add_row(row.name, row.version, _answer(row.ready), Text("\n".join([*row.why_not, *row.notes])))
    return table


def nodes(health: "Health") -> Table:
    """One row per node, with its devices marked as simulated or real."""
    table = Table("node", "version", "ready", "accelerators", box=None, pad_edge=False, header_style="bold")
    for node in health.nodes:
        ready = Text("no: cordoned", "red") if node.ready and not node.schedulable else _answer(node.ready)
        table.add_row(node.name, node.version, ready, Text(node.accelerators))
    return table


def certificates(upkeep: "Upkeep") -> Table:
    """One row per place that has certificates, for the one that ends first; `--json` has each."""
    from cairn.upkeep import LATE_DAYS, sooner

    table = Table("certificates of", "first to end", "on", "days left", box=None, pad_edge=False, header_style="bold")
    for each in sooner(upkeep.certificates):
        days = Text(str(each.days), "red" if each.days < LATE_DAYS else "")
        table.add_row(each.of, each.name, f"{each.ends:%Y-%m-%d}", days)
    return table


def _answer(ready: bool) -> Text:
    return Text("yes", "green") if ready else Text("no", "red")
