"""The engine's encoding of values."""

from typing import Any

import pytest
from google.protobuf import struct_pb2

from plugins.kubernetes import values
from plugins.kubernetes.values import (
    UNKNOWN,
    Secret,
    UnsupportedValueError,
    decode,
    encode,
    has_unknown,
    mark_secrets,
    reveal_all,
)

BOOLEAN_UNKNOWN = "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"


def struct(**fields: Any) -> struct_pb2.Struct:
    result = struct_pb2.Struct()
    result.update(fields)
    return result


def test_values_survive_encoding_and_decoding() -> None:
    values = {
        "text": "a",
        "flag": False,
        "count": 3,
        "ratio": 0.5,
        "list": [1, [], {}, None],
        "map": {"a.b/c": "d", "empty": {}},
        "password": Secret({"data": ["hush"]}),
        "later": UNKNOWN,
    }
    assert decode(encode(values)) == values


def test_nulls_in_maps_are_dropped_and_whole_numbers_are_integers() -> None:
    decoded = decode(struct(nothing=None, replicas=2.0))
    assert decoded == {"replicas": 2}
    assert isinstance(decoded["replicas"], int)


def test_every_kind_of_unknown_is_unknown() -> None:
    assert decode(struct(flag=BOOLEAN_UNKNOWN, text=values._UNKNOWN)) == {"flag": UNKNOWN, "text": UNKNOWN}
    assert has_unknown({"a": [Secret({"b": UNKNOWN})]})
    assert not has_unknown({"a": [Secret({"b": 1})]})


def test_a_secret_is_encoded_as_the_engine_expects() -> None:
    fields = encode({"a": Secret("hush")}).fields["a"].struct_value.fields
    assert fields[values._SIGNATURE].string_value == values._SECRET
    assert fields["value"].string_value == "hush"


def test_a_secret_never_shows_its_value() -> None:
    assert "hush" not in repr(Secret("hush"))


def test_assets_are_refused_by_name() -> None:
    asset = {values._SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "a"}
    with pytest.raises(UnsupportedValueError, match="assets"):
        decode(struct(file=asset))


def test_property_names_of_schemas_get_their_dashes_and_lose_them_again() -> None:
    decoded = decode(struct(x_kubernetes_preserve_unknown_fields=True))
    assert decoded == {"x-kubernetes-preserve-unknown-fields": True}
    assert list(encode(decoded).fields) == ["x_kubernetes_preserve_unknown_fields"]


def test_outputs_are_secret_where_inputs_are() -> None:
    inputs = {"spec": {"env": [{"name": "A", "value": Secret("hush")}], "open": 1}}
    live = {"spec": {"env": [{"name": "A", "value": "hush"}], "open": 1, "extra": 2}}
    marked = mark_secrets(live, inputs)
    assert marked == {"spec": {"env": [{"name": "A", "value": Secret("hush")}], "open": 1, "extra": 2}}
    assert reveal_all({"a": marked}) == {"a": live}


def test_a_list_with_secrets_whose_length_changed_is_secret_as_a_whole() -> None:
    assert mark_secrets(["injected", "hush"], [Secret("hush")]) == Secret(["injected", "hush"])
