"""`cairn kubeconfig`: access for people, which expires."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cairn.console import print_json, say
from cairn.errors import UserError
from cairn.options import AsJson, Name

if TYPE_CHECKING:
    from profiles.schema import Profile

EXAMPLES = """Examples:

    cairn kubeconfig --team team-a --output team-a.kubeconfig

    cairn kubeconfig --duration 30m --output admin.kubeconfig

    KUBECONFIG=team-a.kubeconfig kubectl get rayjobs
"""


def command(
    team: Annotated[str, typer.Option("--team", "-t", help="A team of the profile. [default: administrator]")] = "",
    name: Name = None,
    lasts: Annotated[str, typer.Option("--duration", help="How long it works: 30m, 8h, 7d; at most 365d.")] = "8h",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it there, mode 0600; - is stdout. [default: stdout]"
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Print a kubeconfig that expires, for a member of a team or for an administrator.

    A team's can submit and see the team's own work and nothing else. What was handed out is listed by
    `cairn access list` and taken back by `cairn access withdraw`.
    """
    from cairn import destination, grants
    from cairn.access import duration
    from cairn.cluster import reach
    from cairn.opening import open_environment

    length, file = duration(lasts), destination.check(output)
    environment = open_environment(name)
    cluster = reach(environment)
    known_team(team, cluster.profile, cluster.profile_name)
    if team:
        grant, text = grants.to_team(cluster.client, cluster.kubeconfig, environment.name, team, length)
    elif cluster.profile.cluster.provider == "local":
        grant, text = grants.to_administrator(cluster.client, cluster.kubeconfig, environment.name, length)
    else:
        where = environment.settings().kubeconfig
        raise UserError("on an existing cluster you are the administrator already", where=where, fix="add --team TEAM")
    until = f"{grant.until:%Y-%m-%d %H:%M} UTC"
    if file:
        destination.write(file, text, destination.SECRET)
    what, back = file or "the kubeconfig", f"cairn access withdraw {grant.name} --name {environment.name}"
    say(f"{what} works until {until}; before: {back}")
    if json:
        shown = {"name": grant.name, "team": team, "expires": grant.until.isoformat(), "kubeconfig": text}
        print_json({"environment": environment.name, **shown})
    elif not file:
        typer.echo(text, nl=False)


def known_team(team: str, profile: "Profile", profile_name: str) -> None:
    """Refuse a team that the profile doesn't have; none is no team."""
    if team and team not in profile.teams:
        where = f"teams of {profile_name}: {', '.join(sorted(profile.teams)) or 'none'}"
        raise UserError(f"there is no team {team}", where=where, fix="--team TEAM")
