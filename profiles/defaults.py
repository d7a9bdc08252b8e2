"""Defaults that are maps: what a profile says of them is merged over them, as over another profile's."""

from collections.abc import Mapping
from typing import get_args, get_origin

from pydantic import BaseModel

from profiles.schema import Profile


def default_map(path: tuple[str, ...]) -> Mapping[str, object]:
    """The entries of the map with free keys at a path of the schema by default; empty for all other paths."""
    model: type[BaseModel] | None = Profile
    for position, key in enumerate(path):
        if model is None or key not in model.model_fields:
            return {}
        field = model.model_fields[key]
        if get_origin(field.annotation) is dict:
            below: object = model.model_construct().model_dump(include={key}, exclude_defaults=False).get(key)
            for entry in path[position + 1 :]:
                below = below.get(entry) if isinstance(below, dict) else None
            return below if isinstance(below, dict) else {}
        parts = [*get_args(field.annotation), field.annotation]
        model = next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)
    return {}
