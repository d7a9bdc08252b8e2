"""Kubernetes quantities and durations as profiles write them."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from kubernetes.utils.quantity import parse_quantity
from pydantic import BeforeValidator, Field

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def amount(quantity: str) -> Decimal:
    """The number that a quantity such as `250m` or `3Gi` stands for: cores, bytes or devices."""
    return Decimal(parse_quantity(quantity))


def seconds(duration: str) -> int:
    """The length of a duration such as `90s`, `5m` or `1h`, in whole seconds."""
    count, unit = int(duration[:-1]), duration[-1]
    return int(timedelta(**{_UNITS[unit]: count}).total_seconds())


def _quantity(value: object) -> str:
    # YAML reads `cpu: 2` as a number; Kubernetes wants text either way. True is an int to Python, and a mistake here.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a quantity such as 500m, 2 or 3Gi")
    try:
        number = amount(str(value))
    except ValueError:
        raise ValueError(f"{str(value)!r} is not a quantity such as 500m, 2 or 3Gi") from None
    if number < 0:
        raise ValueError("must not be negative")
    return str(value)


def _duration(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]+[smh]", value):
        raise ValueError("must be a duration such as 30s, 5m or 1h")
    return value


Quantity = Annotated[str, BeforeValidator(_quantity), Field(json_schema_extra={"shown_as": "quantity"})]
"""A Kubernetes quantity, kept as it was written."""

Duration = Annotated[str, BeforeValidator(_duration), Field(json_schema_extra={"shown_as": "duration"})]
"""A whole number of seconds, minutes or hours, kept as it was written."""
