"""`--set KEY=VALUE`: words into values."""

from collections.abc import Iterable

import yaml

from cairn.errors import UserError


def parse(words: Iterable[str]) -> dict[str, object]:
    """Each word's dotted key and its value, read as YAML: numbers, true, null and [lists] are what they look like."""
    return dict(_parse(word) for word in words)


def _parse(word: str) -> tuple[str, object]:
    key, separator, text = word.partition("=")
    if not separator or not key:
        raise UserError(f"--set {word} is not KEY=VALUE", fix="--set cluster.workers=2")
    try:
        return key, yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"--set {key}: its value can't be read: {error}", fix=f"--set '{key}=\"a text\"'") from None
