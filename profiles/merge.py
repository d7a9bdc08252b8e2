"""How profiles compose: maps merge, lists and scalars replace, null removes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Path = tuple[str, ...]
Origins = dict[Path, str]
"""Who set each leaf: the path of keys to it, and the name of the layer."""

Tree = dict[str, object]


Defaults = Callable[[Path], Mapping[str, object]]
"""The default of the map at a path; empty where it has none."""


def _no_defaults(_: Path) -> Mapping[str, object]:
    return {}


def merge(
    base: Mapping[str, object],
    layer: Mapping[str, object],
    name: str,
    origins: Origins,
    defaults: Defaults = _no_defaults,
) -> Tree:
    """Return `base` overlaid by `layer`, and note in `origins` that what it sets comes from the layer `name`.

    A map is merged key by key, over its default where `base` doesn't have it; a list or a scalar replaces what was
    there; null removes the key, so that the default (for a module: off; for an entry of a map: gone) holds again. The
    inputs are left as they are.
    """
    return _Merging(name, origins, defaults).merge(base, layer, ())


@dataclass(frozen=True)
class _Merging:
    name: str
    origins: Origins
    defaults: Defaults

    def merge(self, base: Mapping[str, object], layer: Mapping[str, object], at: Path) -> Tree:
        merged = dict(base)
        for key, value in layer.items():
            path = (*at, str(key))
            if isinstance(value, dict):
                below = merged.get(key)
                if not isinstance(below, dict):
                    _forget(self.origins, path)
                    # A default that the layer names too stands where the layer has it: the order may mean something.
                    below = {each: held for each, held in self.defaults(path).items() if each not in value}
                    self.origins[path] = self.name
                merged[key] = self.merge(below, value, path)
                continue
            _forget(self.origins, path)
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = value
                self.origins[path] = self.name
        return merged


def _forget(origins: Origins, path: Path) -> None:
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]


def layers(overrides: Mapping[str, object]) -> list[Tree]:
    """Turn each of `{"cluster.workers": 2, ...}` into a layer, `{"cluster": {"workers": 2}}`: the last one counts."""
    return [_nest(key.split("."), value) for key, value in overrides.items()]


def _nest(keys: list[str], value: object) -> Tree:
    first, *further = keys
    return {first: _nest(further, value) if further else value}
