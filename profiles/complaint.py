"""Turn pydantic's errors into text for the person who wrote the profile."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from profiles.merge import Origins
from profiles.schema import Profile


@dataclass(frozen=True)
class Mistake:
    """Something wrong with a setting; `reason` says why and what to write instead."""

    path: tuple[str, ...]
    reason: str


def complaint(error: ValidationError, profile: str, origins: Origins) -> str:
    """Say for each mistake which key of which file is wrong, why, and for an unknown key what the nearest one is."""
    found = []
    for detail in error.errors(include_url=False):
        path = tuple(str(part) for part in detail["loc"] if part != "[key]")
        found.append(Mistake(path, _reason(path, dict(detail))))
    return told(found, profile, origins)


def told(mistakes: Iterable[Mistake], profile: str, origins: Origins) -> str:
    """The mistakes as text, each with its key and the file that has it."""
    lines = [f"profile {profile} is not valid:"]
    for mistake in mistakes:
        origin = _origin(mistake.path, origins)
        where = f" (in {origin})" if origin else ""
        lines.append(f"  {'.'.join(mistake.path)}{where}: {mistake.reason}".replace("  : ", "  "))
    return "\n".join(lines)


def _origin(path: tuple[str, ...], origins: Origins) -> str | None:
    for length in range(len(path), 0, -1):
        if path[:length] in origins:
            return origins[path[:length]]
    return next((name for known, name in origins.items() if path and known[: len(path)] == path), None)


def _reason(path: tuple[str, ...], detail: dict[str, Any]) -> str:
    if detail["type"] == "extra_forbidden":
        known = _keys(path[:-1])
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        kind = "module" if path[:-1] == ("modules",) else "key"
        return f"unknown {kind}; " + (f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}")
    message = str(detail["msg"]).removeprefix("Value error, ")
    message = message.replace("Input should be", "must be").replace("a valid dictionary", "a map")
    message = re.sub(" or instance of .*", "", message)
    given = detail.get("input")
    if detail["type"] == "value_error" or isinstance(given, dict):
        return message
    return f"{message}, not {given!r}"


def _keys(path: tuple[str, ...]) -> list[str]:
    """The keys that the schema knows below a path, through maps with free keys."""
    model: type[BaseModel] = Profile
    parts = list(path)
    while parts:
        part = parts.pop(0)
        annotation = model.model_fields[part].annotation
        models = [*get_args(annotation), annotation]
        if getattr(annotation, "__origin__", None) is dict and parts:
            parts.pop(0)
        model = next(each for each in models if isinstance(each, type) and issubclass(each, BaseModel))
    return [*model.model_fields, *(["extends"] if model is Profile else [])]
