"""Resource quantities: equal amounts are equal however they are spelled (1000m and 1, 0.5Gi and 512Mi)."""

from decimal import Decimal
from typing import Any

from plugins.kubernetes.errors import Object

# Maps of quantities in the kinds that Kubernetes itself defines, by the name of their field.
_MAPS = frozenset(
    ("requests", "limits", "hard", "capacity", "allocatable", "overhead", "default", "defaultRequest", "max", "min",
     "maxLimitRequestRatio")
)  # fmt: skip


def same(left: Any, right: Any) -> bool:
    """Whether two plain values are equal, or are two spellings of one quantity."""
    if left == right and isinstance(left, bool) == isinstance(right, bool):
        return True
    if isinstance(left, str) and isinstance(right, str) and _looks_like_quantity(left) and _looks_like_quantity(right):
        return parse(left) == parse(right)
    return False


def parse(text: str) -> Decimal:
    """The amount.

    :raises ValueError: it is no quantity.
    """
    # The official client's own parser; imported here because the client takes half a second to import.
    from kubernetes.utils.quantity import parse_quantity

    amount = parse_quantity(text)
    assert isinstance(amount, Decimal)
    return amount


def with_texts(obj: Object) -> Object:
    """The object with quantities given as numbers (`cpu: 1`) turned into texts, as the API server does."""

    def texts(value: Any, key: str | None) -> Any:
        if isinstance(value, dict):
            is_map = key in _MAPS and all(not isinstance(item, dict | list) for item in value.values())
            return {
                name: str(item)
                if (is_map or name == "sizeLimit") and isinstance(item, int | float) and not isinstance(item, bool)
                else texts(item, name)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [texts(item, None) for item in value]
        return value

    result: Object = texts(obj, None)
    return result


def _looks_like_quantity(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
