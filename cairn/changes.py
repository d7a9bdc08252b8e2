"""What a step changes in a resource: each field with its old and its new value, secrets never shown."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

SECRET = "[secret]"
"""What the engine's events have in a secret's place."""
UNKNOWN = {"04da6b54-80e4-46f7-96ec-b56ff0331ba9", "output<string>"}
"""What stands for a value that only the run itself will tell (pulumi.runtime.rpc.UNKNOWN, and the engine's word)."""
LATER = "known when it runs"
MISSING = object()
HIDDEN = {"data", "stringData"}
"""Of a Kubernetes Secret, marked by the engine or not."""
LONGEST = 60
"""Characters of a value that a person is shown."""
_STEP = re.compile(r"""\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[]+)""")


@dataclass(frozen=True)
class Change:
    """One field; `old` or `new` is None where the field isn't there."""

    path: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.path}: {_shown(self.old)} -> {_shown(self.new)}"


def changes(metadata: Any) -> tuple[Change, ...]:
    """The changes of one engine step. Nothing for one that makes or deletes the whole resource."""
    if metadata.old is None or metadata.new is None:
        return ()
    old, new = metadata.old.inputs or {}, metadata.new.inputs or {}
    # An output that is compared too is no input; its value before is in the state.
    outputs = metadata.old.outputs or {}
    paths = list(metadata.detailed_diff or metadata.diffs or _keys_that_differ(old, new))
    secret = metadata.type.endswith(":Secret")
    return tuple(change for path in paths if (change := _change(path, old, new, outputs, secret)))


def as_data(found: tuple[Change, ...]) -> list[dict[str, object]]:
    """JSON values."""
    return [asdict(change) for change in found]


def _change(
    path: str, old: Mapping[str, Any], new: Mapping[str, Any], outputs: Mapping[str, Any], secret: bool
) -> Change | None:
    steps = list(_steps(path))
    if not steps or steps[0] == "__provider":
        return None
    if secret and steps[0] in HIDDEN:
        return Change(path, SECRET, SECRET)
    before, after = _at(old, steps), _at(new, steps)
    if before == after:
        # Somebody changed it on the cluster: the program says what it said before.
        before = _at(outputs, steps)
    return Change(path, _value(before), _value(after))


def _keys_that_differ(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [key for key in {**old, **new} if old.get(key, MISSING) != new.get(key, MISSING)]


def _steps(path: str) -> Iterator[str | int]:
    """`spec.ports[0]["a.b"]` in its parts."""
    for quoted, index, plain in _STEP.findall(path):
        yield int(index) if index else plain or quoted.replace('\\"', '"')


def _at(tree: Any, steps: list[str | int]) -> Any:
    for step in steps:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return SECRET if tree == SECRET else MISSING
    return tree


def _value(found: Any) -> object:
    if found is MISSING:
        return None
    return LATER if isinstance(found, str) and found in UNKNOWN else found


def _shown(value: object) -> str:
    """A value on one line; a long one is cut in its middle, where it says least."""
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value)
    text = " ".join(text.split())
    half = LONGEST // 2 - 1
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[-half:]}"
