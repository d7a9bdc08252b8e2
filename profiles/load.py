"""From a profile's name to its settings: find the file, follow `extends`, merge, check."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from catalog.yaml_text import parse
from profiles.coherence import mistakes
from profiles.complaint import Mistake, complaint, told
from profiles.defaults import default_map
from profiles.errors import ProfileError
from profiles.merge import Origins, Tree, layers, merge
from profiles.schema import Profile

_HERE = Path(__file__).resolve().parent
_OVERRIDES = "--set"
_DEFAULT = "default"
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Setting:
    """One value of a merged profile: its dotted key, the value, and who set it (a file, `--set` or `default`)."""

    key: str
    value: object
    origin: str


def available() -> list[str]:
    """The names of the profiles that come with Cairn."""
    return sorted(path.stem for path in _HERE.glob("*.yaml"))


@dataclass(frozen=True)
class Reading:
    """A profile as it was read, and where each of its values came from."""

    name: str
    profile: Profile
    origins: Origins

    def refuse(self, mistakes: Iterable[Mistake]) -> None:
        """Raise ProfileError with all of the mistakes, if there are any."""
        if found := list(mistakes):
            raise ProfileError(told(found, self.name, self.origins))

    def settings(self) -> list[Setting]:
        """Every value of the merged profile and where it came from, in the schema's order."""
        settings: list[Setting] = []
        _list_settings(self.profile.model_dump(), (), self.origins, settings)
        return settings


def read(name_or_path: str, overrides: Mapping[str, object] | None = None, directory: Path | None = None) -> Reading:
    """Read the profile of that name (in profiles/) or file, with `overrides` (dotted keys, the last counts) on top.

    A relative path is meant from `directory`, by default the present one. Raises ProfileError, whose text is for the
    person who wrote the profile. What modules say of themselves is not looked at: `modules.validation` does.
    """
    origins: Origins = {}
    tree: Tree = {}
    for path in _layers(_find(name_or_path, directory or Path.cwd())):
        content = _parse(path)
        content.pop("extends", None)
        tree = merge(tree, content, path.name, origins, default_map)
    for layer in layers(overrides or {}):
        tree = merge(tree, layer, _OVERRIDES, origins, default_map)
    try:
        reading = Reading(name_or_path, Profile.model_validate(tree), origins)
    except ValidationError as error:
        raise ProfileError(complaint(error, name_or_path, origins)) from None
    reading.refuse(mistakes(reading.profile))
    return reading


def load(name_or_path: str, overrides: Mapping[str, object] | None = None, directory: Path | None = None) -> Profile:
    """The profile alone, as `read` reads it."""
    return read(name_or_path, overrides, directory).profile


def _layers(path: Path) -> list[Path]:
    """The files to merge, the most basic first."""
    files = [path]
    while "extends" in (content := _parse(files[0])):
        base = content["extends"]
        if not isinstance(base, str) or not base:
            raise ProfileError(f"{files[0]}: extends must be the name or path of one profile, not {base!r}")
        found = _find(base, files[0].parent, wanted_by=files[0])
        if found in files:
            chain = " -> ".join(file.name for file in [path, *files[-2::-1], found])
            raise ProfileError(f"{files[0]}: extends goes in a circle ({chain}): remove one `extends`")
        files.insert(0, found)
    return files


def _find(name_or_path: str, directory: Path, wanted_by: Path | None = None) -> Path:
    where = f"{wanted_by}: extends " if wanted_by else ""
    if "/" in name_or_path or name_or_path.endswith(_ENDINGS):
        path = (directory / Path(name_or_path).expanduser()).resolve()
        if path.is_file():
            return path
        what = "is a directory, and a profile is a file" if path.is_dir() else "is not there"
        raise ProfileError(f"{where}{name_or_path}: {what}{_instead(name_or_path, path)}")
    path = _HERE / f"{name_or_path}.yaml"
    if path.is_file():
        return path
    files = [f"./{name_or_path}{ending}" for ending in _ENDINGS if (directory / f"{name_or_path}{ending}").is_file()]
    near = files or difflib.get_close_matches(name_or_path, available(), n=1)
    known = f"there is {', '.join(available())}, or give the path of a YAML file"
    hint = f"did you mean {near[0]}?" if near else known
    raise ProfileError(f"{where}no profile {name_or_path!r}: {hint}")


def _instead(name_or_path: str, path: Path) -> str:
    """What may have been meant by a path that is no file: one with a name like it beside it, or a profile of ours."""
    beside = [each.name for each in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
    if path.stem in available():
        return f"; did you mean {path.stem}, the profile that comes with Cairn?"
    if near := difflib.get_close_matches(path.name, beside, n=1):
        return f"; did you mean {Path(name_or_path).parent / near[0]}?"
    return f" (looked for {path})"


def _parse(path: Path) -> Tree:
    try:
        content = parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path}: not readable as YAML: {error}") from None
    if content is None or content == {}:
        raise ProfileError(f"{path}: the file is empty; the shortest profile is one line: extends: laptop")
    if not isinstance(content, dict):
        raise ProfileError(f"{path}: a profile is a map of settings, not a {type(content).__name__}")
    return content


def _list_settings(value: object, path: tuple[str, ...], origins: Origins, settings: list[Setting]) -> None:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            _list_settings(below, (*path, key), origins, settings)
    else:
        settings.append(Setting(".".join(path), value, origins.get(path, _DEFAULT)))
