"""How profiles compose: maps merge, lists and scalars replace, null removes."""

from collections.abc import Mapping

Path = tuple[str, ...]
Origins = dict[Path, str]
"""Who set each leaf: the path of keys to it, and the name of the layer."""

Tree = dict[str, object]


def merge(base: Mapping[str, object], layer: Mapping[str, object], name: str, origins: Origins) -> Tree:
    """Return `base` overlaid by `layer`, and note in `origins` that what it sets comes from the layer `name`.

    A map is merged key by key; a list or a scalar replaces what was there; null removes the key, so that the default
    (for a module: off) holds again. The inputs are left as they are.
    """
    return _merge(base, layer, name, origins, ())


def _merge(base: Mapping[str, object], layer: Mapping[str, object], name: str, origins: Origins, at: Path) -> Tree:
    merged = dict(base)
    for key, value in layer.items():
        path = (*at, str(key))
        if isinstance(value, dict):
            below = merged.get(key)
            if not isinstance(below, dict):
                _forget(origins, path)
                below = {}
                origins[path] = name
            merged[key] = _merge(below, value, name, origins, path)
            continue
        _forget(origins, path)
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
            origins[path] = name
    return merged


def _forget(origins: Origins, path: Path) -> None:
    for known in [known for known in origins if known[: len(path)] == path]:
        del origins[known]


def nest(overrides: Mapping[str, object]) -> Tree:
    """Turn `{"cluster.workers": 2}` into `{"cluster": {"workers": 2}}`, a layer to merge."""
    tree: Tree = {}
    for dotted, value in overrides.items():
        *parents, last = dotted.split(".")
        branch = tree
        for parent in parents:
            below = branch.setdefault(parent, {})
            if not isinstance(below, dict):
                below = branch[parent] = {}
            branch = below
        branch[last] = value
    return tree
