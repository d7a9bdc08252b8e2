"""The state of an object as the official plug-in keeps it: the live object, and beside it what it was made from."""

from typing import cast

from plugins.kubernetes.errors import Object
from plugins.kubernetes.objects import is_secret
from plugins.kubernetes.values import Properties, Secret, mark_secrets, reveal, reveal_all

FIELD_MANAGER = "__fieldManager"
INITIAL_API_VERSION = "__initialApiVersion"
INPUTS = "__inputs"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def outputs(inputs: Properties, live: Object, initial_api_version: str, manager: str) -> Properties:
    """The outputs of an object, with what is secret in the inputs, and all of a Secret, kept secret."""
    hidden = cast(Properties, mark_secrets(live, inputs))
    return {
        **(_hide_data(hidden) if is_secret(live) else hidden),
        INPUTS: _hide_data(inputs) if is_secret(live) else inputs,
        INITIAL_API_VERSION: initial_api_version,
        FIELD_MANAGER: manager,
    }


def inputs_of(old_inputs: Properties, old_outputs: Properties) -> Properties:
    """The recorded inputs: the engine's, or else the copy among the outputs."""
    if old_inputs:
        return old_inputs
    copy = old_outputs.get(INPUTS)
    value = copy.value if isinstance(copy, Secret) else copy
    return cast(Properties, value) if isinstance(value, dict) else {}


def live_of(old_outputs: Properties) -> Object:
    """The live object that the outputs recorded."""
    extra = (INPUTS, INITIAL_API_VERSION, FIELD_MANAGER)
    return {key: value for key, value in reveal_all(old_outputs).items() if key not in extra}


def _hide_data(properties: Properties) -> Properties:
    """A Secret's properties with its data secret, and kubectl's copy of them too."""
    result = {
        key: Secret(reveal(value)) if key in ("data", "stringData") else value for key, value in properties.items()
    }
    metadata = result.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(annotations, dict) and LAST_APPLIED in annotations:
        hidden = {**annotations, LAST_APPLIED: Secret(reveal(annotations[LAST_APPLIED]))}
        result["metadata"] = {**metadata, "annotations": hidden}
    return result
