"""The resource option `ignoreChanges` on an update: fields of others are left alone, own ones keep their live value."""

import copy
from collections.abc import Sequence
from typing import Any

from plugins.kubernetes.errors import Object
from plugins.kubernetes.objects import get


def without_ignored(inputs: Object, live: Object | None, ignored: Sequence[str], manager: str) -> Object:
    """The inputs to apply. Paths are dotted names of fields; those into lists are left as they are.

    :param manager: this resource's field manager.
    """
    if live is None:
        return inputs
    result = copy.deepcopy(inputs)
    for path in ignored:
        steps = path.split(".")
        if "[" in path:
            continue
        value = get(live, *steps)
        if _owns(live, manager, steps) and value is not None:
            _set(result, steps, copy.deepcopy(value))
        elif value is not None and _is_owned(live, steps):
            _remove(result, steps)
    return result


def _owns(live: Object, manager: str, steps: list[str]) -> bool:
    return any(_has(entry, steps) for entry in _entries(live) if entry.get("manager") == manager)


def _is_owned(live: Object, steps: list[str]) -> bool:
    return any(_has(entry, steps) for entry in _entries(live))


def _entries(live: Object) -> list[Object]:
    return get(live, "metadata", "managedFields", default=[]) or []


def _has(entry: Object, steps: list[str]) -> bool:
    return get(entry.get("fieldsV1"), *(f"f:{step}" for step in steps)) is not None


def _set(obj: Any, steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        obj = obj.setdefault(step, {})
    obj[steps[-1]] = value


def _remove(obj: Any, steps: list[str]) -> None:
    parent = get(obj, *steps[:-1]) if len(steps) > 1 else obj
    if isinstance(parent, dict):
        parent.pop(steps[-1], None)
