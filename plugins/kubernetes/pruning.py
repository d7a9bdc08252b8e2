"""Reads inputs out of a live object: what a refresh or an import records as the inputs."""

from typing import Any, cast

from plugins.kubernetes import quantities
from plugins.kubernetes.errors import Object
from plugins.kubernetes.objects import get

_SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink")
_SERVER_ANNOTATIONS = ("deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")


def live_inputs(live: Object, inputs: Object) -> Object:
    """The live values of the fields that the inputs set, so that a difference to the program is drift.

    A field that is gone from the live object is left out. A value that only is spelled otherwise (a quantity) keeps the
    inputs' spelling.
    """
    return cast(Object, _prune(live, inputs))


def _prune(live: Any, inputs: Any) -> Any:
    if isinstance(live, dict) and isinstance(inputs, dict):
        return {
            key: _prune(live[key], value) if key in live else value
            for key, value in inputs.items()
            if key in live or _is_default(value)
        }
    if isinstance(live, list) and isinstance(inputs, list):
        return [_prune(item, inputs[i]) if i < len(inputs) else item for i, item in enumerate(live)]
    if quantities.same(live, inputs):
        return inputs
    return live


def _is_default(value: Any) -> bool:
    """Whether the API server leaves such a value out when it writes an object: it is no drift when it is gone."""
    return value in (False, 0, "", [], {}) and value is not None


def imported_inputs(live: Object) -> Object:
    """The inputs of an object that was not made by Pulumi: all of it but what the API server fills in itself."""
    inputs = {key: value for key, value in live.items() if key != "status"}
    metadata = {key: value for key, value in (get(live, "metadata") or {}).items() if key not in _SERVER_METADATA}
    annotations = {
        key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key not in _SERVER_ANNOTATIONS
    }
    return {**inputs, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}
