"""What another profile would take away for good: found before anything is changed, named, and asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from cairn.console import err, interactive
from cairn.errors import UserError
from hosts.local.plan import Network, worker_name
from installer import stakes
from profiles.schema import Profile


@dataclass(frozen=True)
class Losses:
    """By name; false where nothing goes."""

    cluster: bool = False
    """Whether the cluster itself goes, with all that is on it: it is made anew, or left for another."""
    nodes: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    """Custom resources whose objects go with the module that owns them."""

    def __bool__(self) -> bool:
        return self.cluster or bool(self.nodes or self.namespaces or self.definitions)


def losses(before: Profile, after: Profile, environment: str, present: frozenset[str] = frozenset()) -> Losses:
    """What `before` has at stake and `after` doesn't have. Pure. Modules that are `present` are somebody else's."""
    held, kept = stakes.stakes(before, present), stakes.stakes(after)
    if _network(before, environment) != _network(after, environment):
        return Losses(True, (), tuple(sorted(held.namespaces)), tuple(sorted(held.definitions)))
    local = before.cluster.provider == "local"
    gone = range(after.cluster.workers + 1, before.cluster.workers + 1) if local else ()
    return Losses(
        nodes=tuple(worker_name(environment, index) for index in gone),
        namespaces=tuple(sorted(held.namespaces - stakes.namespaces(after))),
        definitions=tuple(sorted(held.definitions - kept.definitions)),
    )


def _network(profile: Profile, environment: str) -> Network | None:
    """What a local cluster can't change without being made anew; None for one that isn't local."""
    cluster = profile.cluster
    if cluster.provider != "local":
        return None
    return Network(environment, cluster.address_range, cluster.service_range, cluster.egress)


def consent(environment: str, lines: Sequence[str], yes: bool, again: str) -> None:
    """Say what goes and ask, unless `yes` was said; end the command where the answer is no or nobody can be asked.

    `again` is the command that doesn't ask.
    """
    if not yes and not interactive():
        raise UserError(
            f"nobody can be asked whether this of {environment} may be deleted, so nothing was changed",
            where="\n".join(lines),
            fix=f"{again} --yes",
        )
    err.print("This will be deleted, with all that is in it:")
    for line in lines:
        err.print(f"  {line}", markup=False)
    if yes:
        return
    if not typer.confirm("Delete it?", default=False, err=True):
        raise UserError("nothing was changed", fix=f"cairn preview --name {environment}", exit_code=1)
