"""The reference of every setting, made from the schema: `python -m profiles.reference > docs/reference/profile.md`."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from profiles.schema import Profile

_HEAD = """# Profile reference

Made from `profiles/schema.py` by `python -m profiles.reference`; change it there. [Profiles](../profiles.md) says how
files compose. A key that is not here is an error.
"""
_TYPES = {str: "text", int: "whole number", bool: "true or false"}


def reference() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_HEAD, *_section("", Profile, {})])


def _section(path: str, model: type[BaseModel], shown: dict[type[BaseModel], str]) -> Iterator[str]:
    yield f"## {f'`{path}`' if path else 'A profile'}\n"
    yield f"{model.__doc__}\n"
    if model in shown:
        yield f"Its keys are those of `{shown[model]}`.\n"
        return
    shown[model] = path
    if model.model_fields:
        yield "| key | type | default | meaning |\n|---|---|---|---|"
        for key, field in model.model_fields.items():
            yield f"| `{key}` | {_type(field)} | {_default(field)} | {field.description or ''} |"
        yield ""
    for key, field in model.model_fields.items():
        below, key_is_free = _models(field.annotation)
        for each in below:
            place = f"{path}.{key}" if path else key
            yield from _section(f"{place}.NAME" if key_is_free else place, each, shown)


def _models(annotation: Any) -> tuple[list[type[BaseModel]], bool]:
    """The models that a field holds, and whether below keys that the profile's author chooses."""
    if get_origin(annotation) is dict:
        return _models(get_args(annotation)[1])[0], True
    parts = get_args(annotation) or (annotation,)
    return [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)], False


def _type(field: FieldInfo) -> str:
    # Pydantic takes the annotation of a plain field apart: what the alias said of itself is then the field's own.
    extra = field.json_schema_extra
    return str(extra["shown_as"]) if isinstance(extra, dict) and "shown_as" in extra else _words(field.annotation)


def _words(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin is dict:
        return f"map of {_plural(_words(arguments[1]))}"
    if origin is list:
        return f"list of {_plural(_words(arguments[0]))}"
    if origin in (types.UnionType, Union):
        return " or ".join(_words(each) for each in arguments if each is not type(None)) + ", or null"
    if origin is Annotated:
        extras = (getattr(each, "json_schema_extra", None) for each in arguments[1:])
        return next((str(each["shown_as"]) for each in extras if each), _words(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "map"
    return _TYPES[annotation]


def _plural(words: str) -> str:
    noun, of, rest = words.partition(" of ")
    plural = noun if noun == "text" else f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return plural + of + rest


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "required"
    if default is None:
        return "off" if _models(field.annotation)[0] else "none"
    if isinstance(default, BaseModel) or default == "":
        return ""
    if isinstance(default, dict | list) and not default:
        return "empty"
    if isinstance(default, dict):
        return ", ".join(
            f"`{key}`" if isinstance(value, BaseModel) else f"`{key}: {value}`" for key, value in default.items()
        )
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    print(reference(), end="")
