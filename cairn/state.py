"""What Pulumi's state says of an environment, with its secrets in plain text: for use, never for printing."""

import json
from dataclasses import dataclass, field
from typing import Any

from cairn.environment import Environment

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Pulumi's mark of a value that is not what it looks like; sdk/go/common/resource/sig names it."""


@dataclass(frozen=True)
class State:
    """The resources as the state has them, and the stack's outputs."""

    resources: list[dict[str, Any]] = field(default_factory=list, repr=False)
    outputs: dict[str, Any] = field(default_factory=dict, repr=False)


def state_of(environment: Environment) -> State:
    """The state; empty where there is no stack, or nothing in it yet."""
    if not environment.there():
        return State()
    exported = json.loads(environment.run("stack", "export", "--show-secrets"))
    resources = [plain(each) for each in exported["deployment"].get("resources") or []]
    outputs = next((each.get("outputs") for each in resources if each["type"] == "pulumi:pulumi:Stack"), None)
    return State(resources, outputs or {})


def plain(value: Any) -> Any:
    """The value with each secret in it replaced by what it hides."""
    if isinstance(value, dict):
        if _SIGNATURE in value and "plaintext" in value:
            return json.loads(value["plaintext"])
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value
