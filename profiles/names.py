"""Names and labels as Kubernetes takes them."""

import re
from typing import Annotated

from pydantic import AfterValidator

_NAME = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_PREFIX = "([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?"
_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"


def _label_key(value: str) -> str:
    if not re.fullmatch(_PREFIX + _NAME, value):
        raise ValueError("a label's key is letters, digits and -_. between them, 63 at most, such as example.com/gpu")
    return value


def _label_value(value: str) -> str:
    if not re.fullmatch(f"({_NAME})?", value):
        raise ValueError("a label's value is letters, digits and -_. between them, 63 at most")
    return value


def _object_name(value: str) -> str:
    # 63, not the 253 that objects may have: these names are values of labels too.
    if len(value) > 63 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", value):
        raise ValueError("a name is lower-case letters, digits and dashes between them, 63 at most")
    return value


LabelKey = Annotated[str, AfterValidator(_label_key)]
LabelValue = Annotated[str, AfterValidator(_label_value)]
ObjectName = Annotated[str, AfterValidator(_object_name)]
