"""`--only` and `--without`: which of a profile's modules are wanted, so that whatever is on has what it requires."""

import difflib
from collections.abc import Iterable, Mapping

from cairn.errors import UserError
from modules.registry import all_modules, closure, enabled
from profiles.schema import Profile

Off = dict[str, tuple[str, ...]]
"""Modules to turn off, each with those that it would have needed and that are off too; none for one that was named."""


def modules_off(profile: Profile, only: Iterable[str], without: Iterable[str]) -> Off:
    """What of the profile is off when `only` these (with what they require) and none of `without` are wanted.

    What requires a module that is off is off too. Raises UserError for a name that the profile doesn't have.
    """
    on = {module.name: module.requires for module in enabled(profile)}
    kept = closure(_known(only, on), on) if only else set(on)
    off: Off = {name: () for name in on if name not in kept or name in _known(without, on)}
    for name, requires in on.items():  # in the order of dependency
        if name not in off and (missing := tuple(each for each in requires if each in off)):
            off[name] = missing
    if lost := [name for name in only if off.get(name)]:
        raise UserError(
            f"--only {lost[0]} needs {', '.join(off[lost[0]])}, which --without turns off",
            fix=f"leave out --without {off[lost[0]][0]}",
        )
    return off


def overrides(profile: Profile, off: Iterable[str]) -> dict[str, object]:
    """The profile's keys to remove, as overrides; the teams are keys of their own."""
    gone: dict[str, object] = {}
    for name in off:
        gone |= {f"teams.{team}": None for team in profile.teams} if name == "teams" else {f"modules.{name}": None}
    return gone


def is_selection(key: str, value: object) -> bool:
    """Whether a kept override turned a module or a team off, so that another `--only` takes its place."""
    return value is None and key.count(".") == 1 and key.startswith(("modules.", "teams."))


def told(off: Off) -> list[str]:
    """A line for each module that is off because of another."""
    return [f"{name} is off too: it needs {', '.join(missing)}" for name, missing in off.items() if missing]


def _known(names: Iterable[str], on: Mapping[str, object]) -> list[str]:
    for name in names:
        if name not in on:
            near = difflib.get_close_matches(name, on, n=1)
            why = f"the profile leaves {name} off" if name in all_modules() else f"there is no module {name!r}"
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UserError(f"{why}{hint}", where=f"on are: {', '.join(on)}", fix="name modules that are on")
    return list(names)
