"""The part of kubectl's JSONPath that waits use: fields, elements, `[*]` and `[?(@.a.b=="c")]`."""

import json
import re
from typing import Any

from plugins.kubernetes.errors import ProviderError

_STEP = re.compile(
    r"""\.(?P<field>(?:\\.|[^.\[\]\s\\])+)
      | \[\s*(?P<index>-?\d+)\s*\]
      | \[\s*(?P<all>\*)\s*\]
      | \[\s*'(?P<single>[^']*)'\s*\] | \[\s*"(?P<double>[^"]*)"\s*\]
      | \[\?\(\s*@(?P<path>[^=!<>]+?)\s*==\s*(?P<value>"[^"]*"|'[^']*'|[^)\s]+)\s*\)\]
    """,
    re.VERBOSE,
)


def find(path: str, obj: Any) -> list[Any]:
    """All values at the path, like `{.status.conditions[?(@.type=="Ready")].status}`; braces and `$` may be left out.

    :raises ProviderError: the path is malformed.
    """
    text = path.strip()
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1].strip()
    text = text.removeprefix("$")
    if not text.startswith((".", "[")):
        text = f".{text}"
    values, position = [obj], 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise ProviderError(f"not a JSONPath that is supported here: {path!r}, at {text[position:]!r}")
        values = [found for value in values for found in _follow(step, value)]
        position = step.end()
    return values


def as_text(value: Any) -> str:
    """A value as kubectl prints it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _follow(step: re.Match[str], value: Any) -> list[Any]:
    if step["index"] is not None:
        index = int(step["index"])
        return [value[index]] if isinstance(value, list) and -len(value) <= index < len(value) else []
    if step["all"]:
        if isinstance(value, dict):
            return list(value.values())
        return value if isinstance(value, list) else []
    if step["path"] is not None:
        wanted = step["value"].strip("\"'")
        items = value if isinstance(value, list) else []
        return [item for item in items if wanted in map(as_text, find(step["path"], item))]
    name = next(step[group] for group in ("field", "single", "double") if step[group] is not None)
    name = re.sub(r"\\(.)", r"\1", name)
    return [value[name]] if isinstance(value, dict) and name in value else []
