"""Diff: which input paths changed, and whether that replaces the object. Needs no cluster."""

from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes import immutable
from plugins.kubernetes.errors import Object
from plugins.kubernetes.immutable import Path
from plugins.kubernetes.objects import AUTONAMED, get, is_marked, name_of, namespace_of, path_text
from plugins.kubernetes.values import Unknown

PropertyDiff = provider_pb2.PropertyDiff
_REPLACING = {
    PropertyDiff.ADD: PropertyDiff.ADD_REPLACE,
    PropertyDiff.DELETE: PropertyDiff.DELETE_REPLACE,
    PropertyDiff.UPDATE: PropertyDiff.UPDATE_REPLACE,
}


@dataclass(frozen=True)
class Difference:
    """Changed paths in Pulumi's notation, with the kind of change (a PropertyDiff.Kind)."""

    changes: dict[str, "PropertyDiff.Kind.ValueType"] = field(default_factory=dict)
    delete_before_replace: bool = False

    @property
    def replaces(self) -> list[str]:
        """The paths that replace the object."""
        return [path for path, kind in self.changes.items() if kind in _REPLACING.values()]

    def response(self) -> provider_pb2.DiffResponse:
        """The answer for the engine."""
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if self.changes else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({path.replace("[", ".").split(".")[0] for path in self.changes}),
            replaces=self.replaces,
            deleteBeforeReplace=self.delete_before_replace,
            detailedDiff={path: PropertyDiff(kind=kind, inputDiff=True) for path, kind in self.changes.items()},
            hasDetailedDiff=True,
        )


def diff_objects(old: Object, new: Object, live: Object, immutable_fields: tuple[str, ...]) -> Difference:
    """Compare the recorded inputs of an object with new ones.

    A replaced object is deleted first where the new one must have the same name in the same namespace.
    """
    changes = compare(_canonical(old), _canonical(new), immutable_fields)
    same_place = name_of(new) == name_of(live) and _namespace(new) == _namespace(live)
    difference = Difference(changes)
    return Difference(changes, bool(difference.replaces) and not is_marked(new, AUTONAMED) and same_place)


def compare(
    old: Object, new: Object, immutable_fields: tuple[str, ...] = ()
) -> dict[str, "PropertyDiff.Kind.ValueType"]:
    """Each changed path with its kind of change; lists are compared element by element."""
    changes: dict[str, PropertyDiff.Kind.ValueType] = {}

    def record(path: Path, kind: "PropertyDiff.Kind.ValueType", *values: Any) -> None:
        replacing = immutable.replaces(path, values, immutable_fields)
        changes[path_text(path)] = _REPLACING[kind] if replacing else kind

    def visit(path: Path, before: Any, after: Any) -> None:
        if isinstance(before, dict) and isinstance(after, dict):
            for key in [*before, *(key for key in after if key not in before)]:
                step(path, key, key in before, key in after, before.get(key), after.get(key))
        elif isinstance(before, list) and isinstance(after, list):
            for i in range(max(len(before), len(after))):
                step(path, i, i < len(before), i < len(after), _at(before, i), _at(after, i))
        elif isinstance(after, Unknown) or before != after or isinstance(before, bool) != isinstance(after, bool):
            record(path, PropertyDiff.UPDATE, before, after)

    def step(path: Path, key: str | int, is_old: bool, is_new: bool, before: Any, after: Any) -> None:
        if not is_new:
            record((*path, key), PropertyDiff.DELETE, before)
        elif not is_old:
            record((*path, key), PropertyDiff.ADD, after)
        else:
            visit((*path, key), before, after)

    visit((), old, new)
    return changes


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _canonical(inputs: Object) -> Object:
    """The inputs without the namespace `default`, which is the same as none."""
    if get(inputs, "metadata", "namespace") != "default":
        return inputs
    metadata = {key: value for key, value in inputs["metadata"].items() if key != "namespace"}
    return {**inputs, "metadata": metadata}


def _namespace(obj: Object) -> str:
    return namespace_of(obj) or "default"
