"""`cairn list`: which environments there are."""

from rich.table import Table

from cairn.console import out, print_json, say
from cairn.options import AsJson

EXAMPLES = """Examples:

    cairn list

    cairn list --json | jq -r '.[].name'
"""


def command(json: AsJson = False) -> None:
    """Name the environments that the backend holds: profile, supply, how many resources, and the last change.

    No cluster is asked; `cairn status --name NAME` asks one.
    """
    from cairn.environments import environments
    from cairn.opening import prepare_programs

    prepare_programs()
    found = environments()
    if json:
        print_json([vars(each) for each in found])
        return
    if not found:
        say("there is no environment yet; make one: cairn up laptop")
        return
    table = Table(
        "name", "profile", "supply", "resources", "last change", box=None, pad_edge=False, header_style="bold"
    )
    for each in found:
        table.add_row(each.name, each.profile or "-", each.supply or "-", str(each.resources), each.changed or "never")
    out.print(table)
