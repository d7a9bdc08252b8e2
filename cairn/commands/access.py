"""`cairn access`: what was handed out to people, and taking it back."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cairn.commands.kubeconfig import known_team
from cairn.console import out, print_json
from cairn.errors import UserError
from cairn.options import HELP_NAMES, AsJson, Name

if TYPE_CHECKING:
    from cairn.cluster import Cluster
    from cairn.grants import Grant

LIST = """Examples:

    cairn access list

    cairn access list --name laptop --json
"""
WITHDRAW = """Examples:

    cairn access withdraw member-3fa9c1

    cairn access withdraw --team team-a

    cairn access withdraw --administrators --json
"""
app = typer.Typer(
    help="List and withdraw the kubeconfigs that were handed out.", no_args_is_help=True, context_settings=HELP_NAMES
)


@app.command(name="list", epilog=LIST)
def list_grants(name: Name = None, json: AsJson = False) -> None:
    """Name each kubeconfig that was handed out and still works: for whom it is, and when it ends by itself."""
    from cairn.cluster import reach
    from cairn.grants import granted
    from cairn.opening import open_environment

    environment = open_environment(name)
    cluster = reach(environment)
    found = granted(cluster.client, cluster.profile.teams)
    if json:
        print_json([{"name": each.name, "team": each.team, "expires": each.until.isoformat()} for each in found])
        return
    table = Table("name", "for", "until", box=None, pad_edge=False, header_style="bold")
    for each in found:
        table.add_row(each.name, each.team or "administrator", f"{each.until:%Y-%m-%d %H:%M} UTC")
    out.print(table if found else f"nothing was handed out for {environment.name}, or all of it has ended")


@app.command(epilog=WITHDRAW)
def withdraw(
    grants: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="As `cairn access list` names them.")
    ] = None,
    team: Annotated[str, typer.Option("--team", "-t", help="Every token of the team's account, listed or not.")] = "",
    administrators: Annotated[bool, typer.Option("--administrators", help="Every administrator's.")] = False,
    name: Name = None,
    json: AsJson = False,
) -> None:
    """Take kubeconfigs back before they end by themselves: the cluster refuses them, a token within ten seconds.

    With `--team` the team's account is made anew, so that no token of it holds, whoever made it.
    """
    from cairn.cluster import reach
    from cairn.grants import renew_account
    from cairn.grants import withdraw as take_back
    from cairn.opening import open_environment

    if not (grants or team or administrators):
        raise UserError("nothing is named to withdraw", fix="cairn access list, then: cairn access withdraw NAME")
    environment = open_environment(name)
    cluster = reach(environment)
    known_team(team, cluster.profile, cluster.profile_name)
    gone = chosen(cluster, grants or [], team, administrators)
    for each in gone:
        take_back(cluster.client, each)
    if team:
        renew_account(cluster.client, team)
    if json:
        print_json({"environment": environment.name, "withdrawn": [each.name for each in gone], "account": team})
        return
    for each in gone:
        out.print(f"{each.name} is withdrawn", markup=False)
    if team:
        out.print(f"no token of {team} that was made before now works any more", markup=False)
    elif not gone:
        out.print("there was nothing to withdraw", markup=False)


def chosen(cluster: "Cluster", names: list[str], team: str, administrators: bool) -> "list[Grant]":
    """The grants that are meant. Raises UserError for a name that none has."""
    from cairn.grants import granted

    there = granted(cluster.client, cluster.profile.teams)
    known = [each.name for each in there]
    if unknown := [name for name in names if name not in known]:
        where = f"handed out: {', '.join(known) or 'nothing'}"
        raise UserError(f"nothing was handed out as {', '.join(unknown)}", where=where, fix="cairn access list")
    return [each for each in there if each.name in names or (each.team == team if each.team else administrators)]
