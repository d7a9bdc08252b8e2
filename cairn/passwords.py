"""The passwords of an environment: which there are, and how one is drawn anew. Their texts are never read here."""

import json
from dataclasses import dataclass

from cairn.environment import Environment
from cairn.errors import UserError

KIND = "pulumi-python:dynamic/cairn:Password"
"""The type of a password's resource in the stack; installer/made_credentials.py makes them."""


@dataclass(frozen=True)
class Password:
    """One password: its name, and the resource that keeps it."""

    name: str
    urn: str


def passwords(environment: Environment) -> list[Password]:
    """All of them, by name. Raises UserError when there is no such environment."""
    environment.stack()
    return found_in(json.loads(environment.run("stack", "export")))


def found_in(state: dict[str, dict[str, list[dict[str, str]]]]) -> list[Password]:
    """The passwords in a stack's exported state. Pure."""
    urns = [each["urn"] for each in state["deployment"].get("resources") or [] if each["type"] == KIND]
    return sorted((Password(urn.rpartition("::")[2], urn) for urn in urns), key=lambda each: each.name)


def chosen(known: list[Password], names: list[str], environment: str) -> list[Password]:
    """Those of these names. Raises UserError for a name that isn't there."""
    by_name = {each.name: each for each in known}
    if unknown := [name for name in names if name not in by_name]:
        raise UserError(
            f"there is no password {', '.join(unknown)}",
            where=f"passwords of {environment}: {', '.join(by_name) or 'none'}",
            fix=f"cairn password list --name {environment}",
        )
    return [by_name[name] for name in dict.fromkeys(names)]
