"""What a person is told when a run has ended well, and the same as data."""

from dataclasses import asdict
from typing import Any

from cairn import changes
from cairn.bring_up import Outcome
from cairn.progress import Row, State
from installer.entry_point import entry_point
from profiles.schema import Profile


def as_data(outcome: Outcome) -> dict[str, Any]:
    """The run as JSON values."""
    progress = outcome.progress
    now = progress.clock()
    return {
        "environment": outcome.plan.environment,
        "profile": outcome.plan.settings.profile,
        "supply": str(outcome.supply),
        "drift": list(outcome.drift.told),
        "deletes": list(outcome.deletes),
        "changes": progress.changes,
        "steps": [{**vars(step), "changes": changes.as_data(step.changes)} for step in progress.steps],
        "parts": {
            row.name: {"state": str(row.state), "seconds": round(row.seconds(now), 1)} for row in progress.rows.values()
        },
        "notes": progress.notes,
        "warnings": progress.warnings,
        "entry_point": asdict(entry) if (entry := entry_point(outcome.plan.profile)) else None,
        "seconds": outcome.seconds,
    }


def text(outcome: Outcome) -> str:
    """The summary: how long it took, each part, warnings, and the next three commands."""
    progress, environment = outcome.progress, outcome.plan.environment
    total = sum(outcome.seconds.values())
    split = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in outcome.seconds.items())
    lines = [f"{environment} is ready after {total:.0f} s ({split})", ""]
    lines += [f"  {row.name:<16}{_told(row, progress.clock())}" for row in progress.rows.values()]
    lines += reached(outcome.plan.profile)
    lines += [f"  note: {note}" for note in progress.notes]
    lines += [f"  warning: {warning}" for warning in progress.warnings]
    return "\n".join([*lines, "", "Next:", *(f"  {command}" for command in next_commands(outcome))])


def reached(profile: Profile) -> list[str]:
    """Where the platform answers from outside, by the gateway that the profile may have."""
    entry = entry_point(profile)
    if entry is None:
        return []
    where = ", ".join(entry.addresses) or "the address that `kubectl get gateway -n gateway` says"
    return ["", f"  *.{entry.domain} is at {where}", *(f"  https://{host}" for host in entry.hosts)]


def next_commands(outcome: Outcome) -> list[str]:
    """The three commands to try next, which work as they are printed."""
    name = f" --name {outcome.plan.environment}"
    teams = sorted(outcome.plan.profile.teams)
    team = f" --team {teams[0]} --output {teams[0]}.kubeconfig" if teams else " --output admin.kubeconfig"
    return [f"cairn status{name}", f"cairn smoke{name}", f"cairn kubeconfig{name}{team}"]


def _told(row: Row, now: float) -> str:
    if row.state in (State.UNCHANGED, State.WAITING):
        return "unchanged"
    return f"{row.changed} changed in {row.seconds(now):.0f} s"
