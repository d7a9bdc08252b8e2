"""YAML that people write: read by the C parser where PyYAML has it, and refused where a map has a key twice."""

from io import StringIO
from typing import Any

import yaml


def _construct_mapping(self: Any, node: Any, deep: bool = False) -> dict[Any, Any]:
    seen: dict[str, Any] = {}
    for key, _ in node.value:
        name = str(key.value)
        if name in seen and key.tag == seen[name].tag:
            first = seen[name].start_mark.line + 1
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {name!r} is there twice, first in line {first}: keep one", key.start_mark
            )
        seen[name] = key
    return dict(_BASE.construct_mapping(self, node, deep))


_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LOADER: Any = type("Loader", (_BASE,), {"construct_mapping": _construct_mapping})
"""For `yaml.load`: ten times as fast as PyYAML's own parser, and every command reads the lock.

YAML itself forbids a doubled key; PyYAML keeps the last one, and what was said first vanishes without a word.
"""


class _Named(StringIO):
    """A text that a parser can say the name of."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def parse(text: str, name: str) -> Any:
    """What a text says; raises yaml.YAMLError, which tells a mistake's line in the file of that name."""
    return yaml.load(_Named(text, name), Loader=LOADER)
