"""`--set KEY=VALUE`: words into values."""

from collections.abc import Iterable

import yaml

from cairn.errors import UserError
from catalog.yaml_text import parse as parse_yaml


def parse(words: Iterable[str]) -> dict[str, object]:
    """Each word's dotted key and its value, read as YAML: numbers, true, null and [lists] are what they look like."""
    found: dict[str, object] = {}
    for key, value in map(_parse, words):
        found.pop(key, None)  # said twice, it stands where it was said last
        found[key] = value
    return found


def _parse(word: str) -> tuple[str, object]:
    key, separator, text = word.partition("=")
    if not separator or not key:
        raise UserError(f"--set {word} is not KEY=VALUE", fix="--set cluster.workers=2")
    try:
        return key, parse_yaml(text, f"--set {key}")
    except yaml.YAMLError as error:
        raise UserError(f"--set {key}: its value can't be read: {error}", fix=f"--set '{key}=\"a text\"'") from None
