"""A profile that holds: read, and held against what the modules that it turns on say of themselves."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from modules.contract.names import KUBERNETES
from modules.registry import all_modules, closure, enabled
from profiles.complaint import Mistake
from profiles.load import Reading
from profiles.load import read as read_alone
from profiles.schema import Profile


def load(name_or_path: str, overrides: Mapping[str, object] | None = None, directory: Path | None = None) -> Profile:
    """The profile alone, as `read` reads it."""
    return read(name_or_path, overrides, directory).profile


def read(name_or_path: str, overrides: Mapping[str, object] | None = None, directory: Path | None = None) -> Reading:
    """What `profiles.load.read` reads, if the modules agree. Raises ProfileError with all that they don't agree to."""
    reading = read_alone(name_or_path, overrides, directory)
    reading.refuse(mistakes(reading.profile))
    return reading


def mistakes(profile: Profile) -> Iterator[Mistake]:
    """What modules need of a profile and don't find in it, can't do, and names of teams that they can't serve."""
    yield from _requirements(profile)
    for module in enabled(profile):
        yield from module.mistakes(profile)
    yield from _names(profile)


def _requirements(profile: Profile) -> Iterator[Mistake]:
    on = {module.name: module for module in enabled(profile)}
    for name, module in on.items():
        if missing := [needed for needed in module.requires if needed not in on]:
            path = ("teams",) if name == "teams" else ("modules", name)
            off = "which is off" if len(missing) == 1 else "which are off"
            lines = "".join(f"\n        {needed}: {{}}" for needed in _with_what_they_need(missing) if needed not in on)
            remedy = "null removes a team" if name == "teams" else f"turn {name} off: {'.'.join(path)}: null"
            yield Mistake(
                path, f"needs {' and '.join(missing)}, {off}; {remedy}; or add\n      modules:{lines}".rstrip()
            )


def _with_what_they_need(names: list[str]) -> list[str]:
    """The modules and all that they require in turn, in the order of dependency."""
    modules = all_modules()
    found = closure(names, {name: module.requires for name, module in modules.items()})
    return [name for name in modules if name in found]


def _names(profile: Profile) -> Iterator[Mistake]:
    namespaces = {module.namespace: module.name for module in all_modules().values() if module.namespace}
    rules = [KUBERNETES, *(rule for module in enabled(profile) for rule in module.names(profile))]
    for team in profile.teams:
        # Of modules that are off too: a team's namespace would be in the way once they are on.
        reasons = [f"it is the namespace of the module {namespaces[team]}"] if team in namespaces else []
        reasons += [rule.reason for rule in rules if not rule.allows(team)]
        if reasons:
            yield Mistake(("teams", team), f"{team} can't be a team's name: {'; '.join(reasons)}; choose another name")
