"""Writes digests into the text of a lock, and leaves every other byte of it as it is: comments, order, style."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

FIELDS = {"url": "sha256", "chart": "sha256", "reference": "digest"}
"""What names something upstream, and the field beside it that holds what it must be."""


@dataclass(frozen=True)
class Slot:
    """A mapping of the lock that names something upstream.

    `start` and `end` are where the digest's value stands in the text, or both where it would be put.
    """

    path: tuple[str, ...]
    field: str
    start: int
    end: int
    before: str
    """What must stand between the text and a new value; empty where there is a value already."""

    def __str__(self) -> str:
        return ".".join(self.path)


def slots(text: str) -> Iterator[Slot]:
    """Every slot of a lock, in the order of the text; what is merged from an anchor has the anchor's slot."""
    seen: set[int] = set()

    def walk(node: yaml.Node, path: tuple[str, ...]) -> Iterator[Slot]:
        if id(node) in seen or not isinstance(node, yaml.MappingNode):
            return
        seen.add(id(node))
        entries = {key.value: (key, value) for key, value in node.value}
        for name, field in FIELDS.items():
            if name in entries and (path[0] == "images" or path[-1] == "upstream"):
                yield _slot(text, path, field, node, entries, name)
        for name, (_, value) in entries.items():
            yield from walk(value, (*path, name))

    root = yaml.compose(text, yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    for key, value in root.value:
        yield from walk(value, (key.value,))


def _slot(
    text: str,
    path: tuple[str, ...],
    field: str,
    node: yaml.MappingNode,
    entries: dict[str, tuple[yaml.Node, yaml.Node]],
    name: str,
) -> Slot:
    if field in entries:
        value = entries[field][1]
        # A block ends for the parser where the next one starts.
        end = len(text[: value.end_mark.index].rstrip())
        return Slot(path, field, value.start_mark.index, end, "")
    key, value = entries[name]
    place = value.end_mark.index
    if node.flow_style:
        return Slot(path, field, place, place, f", {field}: ")
    # A comment behind the value stays with it.
    place = text.find("\n", place) if "\n" in text[place:] else len(text)
    return Slot(path, field, place, place, f"\n{' ' * key.start_mark.column}{field}: ")


def filled(text: str, values: Mapping[Slot, str | dict[str, str]]) -> str:
    """The text with a value in each of these slots, which are slots of this very text."""
    for slot in sorted(values, key=lambda slot: slot.start, reverse=True):
        value = values[slot]
        shown = value if isinstance(value, str) else f"{{{', '.join(f'{key}: {word}' for key, word in value.items())}}}"
        text = f"{text[: slot.start]}{slot.before}{shown}{text[slot.end :]}"
    return text
