"""From a profile's name to its settings: find the file, follow `extends`, merge, check."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from profiles.complaint import complaint
from profiles.errors import ProfileError
from profiles.merge import Origins, Tree, merge, nest
from profiles.schema import Profile

_HERE = Path(__file__).resolve().parent
_OVERRIDES = "--set"
_DEFAULT = "default"


@dataclass(frozen=True)
class Setting:
    """One value of a merged profile: its dotted key, the value, and who set it (a file, `--set` or `default`)."""

    key: str
    value: object
    origin: str


def available() -> list[str]:
    """The names of the profiles that come with Cairn."""
    return sorted(path.stem for path in _HERE.glob("*.yaml"))


def load(name_or_path: str, overrides: Mapping[str, object] | None = None, directory: Path | None = None) -> Profile:
    """Return the profile of that name (in profiles/) or file, with `overrides` (dotted keys) on top.

    A relative path is meant from `directory`, by default the present one. Raises ProfileError, whose text is for the
    person who wrote the profile.
    """
    return _read(name_or_path, overrides or {}, directory or Path.cwd())[0]


def explain(name_or_path: str, overrides: Mapping[str, object] | None = None) -> list[Setting]:
    """Return every value of the merged profile and where it came from, in the schema's order."""
    profile, origins = _read(name_or_path, overrides or {}, Path.cwd())
    settings: list[Setting] = []
    _list_settings(profile.model_dump(), (), origins, settings)
    return settings


def _read(name_or_path: str, overrides: Mapping[str, object], directory: Path) -> tuple[Profile, Origins]:
    origins: Origins = {}
    tree: Tree = {}
    for path in _layers(_find(name_or_path, directory)):
        content = _parse(path)
        content.pop("extends", None)
        tree = merge(tree, content, path.name, origins)
    tree = merge(tree, nest(overrides), _OVERRIDES, origins)
    try:
        return Profile.model_validate(tree), origins
    except ValidationError as error:
        raise ProfileError(complaint(error, name_or_path, origins)) from None


def _layers(path: Path) -> list[Path]:
    """The files to merge, the most basic first."""
    layers = [path]
    while base := _parse(layers[0]).get("extends"):
        if not isinstance(base, str):
            raise ProfileError(f"{layers[0]}: extends must be the name or path of one profile, not {base!r}")
        found = _find(base, layers[0].parent, wanted_by=layers[0])
        if found in layers:
            chain = " -> ".join(layer.name for layer in [path, *layers[-2::-1], found])
            raise ProfileError(f"{layers[0]}: extends goes in a circle ({chain}): remove one `extends`")
        layers.insert(0, found)
    return layers


def _find(name_or_path: str, directory: Path, wanted_by: Path | None = None) -> Path:
    if "/" in name_or_path or name_or_path.endswith((".yaml", ".yml")):
        path = (directory / Path(name_or_path).expanduser()).resolve()
    else:
        path = _HERE / f"{name_or_path}.yaml"
    if path.is_file():
        return path
    where = f"{wanted_by}: extends " if wanted_by else ""
    if "/" in name_or_path or name_or_path.endswith((".yaml", ".yml")):
        raise ProfileError(f"{where}{path}: {'that is a folder' if path.is_dir() else 'there is no such file'}")
    near = difflib.get_close_matches(name_or_path, available(), n=1)
    known = f"there is {', '.join(available())}, or give the path of a YAML file"
    hint = f"did you mean {near[0]}?" if near else known
    raise ProfileError(f"{where}no profile {name_or_path!r}: {hint}")


def _parse(path: Path) -> Tree:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path}: not readable as YAML: {error}") from None
    if content is None:
        raise ProfileError(f"{path}: it is empty; a profile says at least what it builds on: extends: laptop")
    if not isinstance(content, dict):
        raise ProfileError(f"{path}: a profile is a map of settings, not a {type(content).__name__}")
    return content


def _list_settings(value: object, path: tuple[str, ...], origins: Origins, settings: list[Setting]) -> None:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            _list_settings(below, (*path, key), origins, settings)
    else:
        settings.append(Setting(".".join(path), value, origins.get(path, _DEFAULT)))
