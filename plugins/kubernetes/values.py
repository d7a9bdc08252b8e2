"""Property values as the engine sends them (protobuf structs) and as this plug-in works with them (plain Python).

Two kinds of value have no plain form: a value that is secret is wrapped in `Secret`, and one that is not known yet
(in a preview) is `UNKNOWN`. The engine's encoding of both is that of pulumi's sdk/go/common/resource/properties.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from google.protobuf import struct_pb2

# None | bool | int | float | str | list | dict, Secret and Unknown included; Any would switch type checks off.
Value = object
Properties = dict[str, Value]


# The engine marks what is no plain value by these, see the file named above.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# One text for each type of unknown value: any, boolean, number, list, asset, archive, object.
_UNKNOWN_TEXTS = frozenset(
    (
        _UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    )
)


class Unknown:
    """A value that is known only after the resources that it comes from exist."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine keeps encrypted. Its text never shows the value."""

    value: Value

    def __repr__(self) -> str:
        return "Secret(...)"


class UnsupportedValueError(Exception):
    """A kind of value that this plug-in does not take."""


# Kubernetes names these with dashes; Pulumi's property names have underscores.
_DASHED = {
    name.replace("-", "_"): name
    for name in (
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    )
}
_UNDERSCORED = {dashed: underscored for underscored, dashed in _DASHED.items()}


def decode(struct: struct_pb2.Struct) -> Properties:
    """Plain Python of a struct. Nulls in maps are dropped, whole numbers become integers."""
    return {
        _DASHED.get(key, key): _decode(value)
        for key, value in struct.fields.items()
        if value.WhichOneof("kind") != "null_value"
    }


def _decode(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text in _UNKNOWN_TEXTS else text
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            return _decode_struct(value.struct_value)
        case _:
            return None


def _decode_struct(struct: struct_pb2.Struct) -> Value:
    fields = struct.fields
    if _SIGNATURE not in fields:
        return decode(struct)
    signature = fields[_SIGNATURE].string_value
    if signature == _SECRET:
        return Secret(_decode(fields["value"]))
    if signature == _OUTPUT:
        value = _decode(fields["value"]) if "value" in fields else UNKNOWN
        return Secret(value) if fields["secret"].bool_value else value
    raise UnsupportedValueError(
        "assets, archives and resource references are not supported by Cairn's stand-in for the Kubernetes plug-in"
    )


def encode(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """The struct of plain Python; the inverse of `decode`."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        if value is not None:
            _encode(value, struct.fields[_UNDERSCORED.get(key, key)])
    return struct


def _encode(value: Value, target: struct_pb2.Value) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Unknown):
        target.string_value = _UNKNOWN
    elif isinstance(value, Secret):
        target.struct_value.fields[_SIGNATURE].string_value = _SECRET
        _encode(value.value, target.struct_value.fields["value"])
    elif isinstance(value, Mapping):
        target.struct_value.CopyFrom(encode(value))
    elif isinstance(value, list):
        target.list_value.SetInParent()
        for item in value:
            _encode(item, target.list_value.values.add())
    else:
        raise TypeError(f"no property value: {type(value).__name__}")


def reveal(value: Value) -> Value:
    """The same value without any `Secret` around its parts."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def reveal_all(properties: Properties) -> Properties:
    """`reveal` for a whole map."""
    return cast(Properties, reveal(properties))


def has_unknown(value: Value) -> bool:
    """Whether any part of the value is unknown."""
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)


def mark_secrets(value: Value, like: Value) -> Value:
    """The value with `Secret` around each part that is secret in `like`, so that no output shows a secret input."""
    if isinstance(like, Secret):
        return value if isinstance(value, Secret) else Secret(value)
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: mark_secrets(item, like.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(like, list):
        if len(value) != len(like) and has_secret(like):
            # Which element is which can't be told, so all of them are kept secret.
            return Secret(value)
        return [
            mark_secrets(item, like_item) for item, like_item in zip(value, like + [None] * len(value), strict=False)
        ]
    return value


def has_secret(value: Value) -> bool:
    """Whether any part of the value is secret."""
    if isinstance(value, dict):
        return any(has_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(has_secret(item) for item in value)
    return isinstance(value, Secret)
