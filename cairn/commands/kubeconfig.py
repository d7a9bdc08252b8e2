"""`cairn kubeconfig`: access for people, which expires."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cairn.console import print_json, say
from cairn.errors import UserError
from cairn.options import AsJson, Name

EXAMPLES = """Examples:

    cairn kubeconfig --team team-a --output team-a.kubeconfig

    cairn kubeconfig --duration 30m --output admin.kubeconfig

    KUBECONFIG=team-a.kubeconfig kubectl get rayjobs
"""


def command(
    team: Annotated[str, typer.Option("--team", "-t", help="A team of the profile. [default: administrator]")] = "",
    name: Name = None,
    lasts: Annotated[str, typer.Option("--duration", help="How long it works: 30m, 8h, 7d.")] = "8h",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there, mode 0600. [default: stdout]")
    ] = None,
    json: AsJson = False,
) -> None:
    """Print a kubeconfig that expires, for a member of a team or for an administrator.

    A team's can submit and see the team's own work and nothing else.
    """
    from cairn.access import admin_kubeconfig, duration, team_kubeconfig
    from cairn.cluster import reach
    from cairn.opening import open_environment

    length = duration(lasts)
    environment = open_environment(name)
    cluster = reach(environment)
    if team and team not in cluster.profile.teams:
        known = ", ".join(sorted(cluster.profile.teams)) or "none"
        where = f"teams of {cluster.profile_name}: {known}"
        raise UserError(f"there is no team {team}", where=where, fix="cairn kubeconfig --team TEAM")
    if team:
        text = team_kubeconfig(cluster.client, cluster.kubeconfig, environment.name, team, length)
    elif cluster.profile.cluster.provider == "local":
        text = admin_kubeconfig(cluster.client, cluster.kubeconfig, environment.name, length)
    else:
        where = environment.settings().kubeconfig
        raise UserError("on an existing cluster you are the administrator already", where=where, fix="add --team TEAM")
    if output:
        _write(output, text)
        say(f"{output} works for {lasts}")
    if json:
        print_json({"environment": environment.name, "team": team, "expires_in": lasts, "kubeconfig": text})
    elif not output:
        typer.echo(text, nl=False)


def _write(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)
    fresh.replace(file)
