"""The environments that a backend holds, as `cairn list` shows them; nothing is selected, kept or changed."""

from dataclasses import dataclass

from cairn.environment import workspace
from cairn.settings import read, settings_file


@dataclass(frozen=True)
class Known:
    """One environment; `profile` is empty where this checkout has no settings of it. `changed` is UTC, ISO 8601."""

    name: str
    profile: str
    supply: str
    resources: int
    changed: str


def environments() -> list[Known]:
    """All of them by name."""
    found = []
    for stack in workspace().list_stacks():
        name = stack.name.rsplit("/", 1)[-1]
        settings = read(settings_file(name))
        changed = stack.last_update.isoformat(timespec="seconds") if stack.last_update else ""
        found.append(Known(name, settings.profile, settings.supply, stack.resource_count or 0, changed))
    return sorted(found, key=lambda each: each.name)
