"""Check: turns a program's inputs into the inputs that the state records.

Pure: what depends on the cluster (whether a kind is namespaced) is asked through a function.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from plugins.kubernetes import quantities
from plugins.kubernetes.errors import Object, ProviderError
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.objects import AUTONAMED, get, is_marked
from plugins.kubernetes.values import Properties, Secret, has_unknown, mark_secrets, reveal, reveal_all

# Groups whose kinds are all Kubernetes' own, and so known to hold quantities where `quantities` looks for them.
_BUILT_IN = frozenset(("", "apps", "autoscaling", "batch", "events.k8s.io", "extensions", "node.k8s.io", "policy"))
_READ_ONLY_METADATA = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
    "resourceVersion", "uid",
)  # fmt: skip


@dataclass(frozen=True)
class Naming:
    """How to name an object that the program didn't name."""

    base: str
    seed: bytes = b""
    proposed: str = ""
    disabled: bool = False


def check(
    kind: Kind,
    new: Properties,
    old: Properties,
    naming: Naming,
    default_namespace: str = "",
    is_namespaced: Callable[[Kind], bool] = lambda _: True,
) -> Properties:
    """The inputs to record: named, in the API server's form, with what is secret marked so.

    :param old: the inputs recorded before, empty for a new object or one that will be replaced.
    :raises ProviderError: the inputs can't be used, or ask for what is not supported.
    """
    _refuse_unsupported(kind)
    # Unknown parts stay in place as values of their own kind; nothing below looks into them.
    inputs = cast(Object, reveal_all(new))
    inputs.setdefault("apiVersion", kind.api_version)
    inputs.setdefault("kind", kind.name)
    if kind.group in _BUILT_IN:
        inputs = quantities.with_texts(inputs)
    metadata = inputs.get("metadata", {})
    if isinstance(metadata, dict):
        metadata = {key: value for key, value in metadata.items() if key not in _READ_ONLY_METADATA}
        inputs["metadata"] = _named(metadata, cast(Object, reveal_all(old)), naming)
        if default_namespace and "namespace" not in metadata and is_namespaced(kind):
            inputs["metadata"]["namespace"] = default_namespace
    checked = cast(Properties, mark_secrets(inputs, new))
    return _with_secret_data(checked) if kind == Kind("v1", "Secret") else checked


def _refuse_unsupported(kind: Kind) -> None:
    if kind.group not in _BUILT_IN and not kind.group.endswith(".k8s.io"):
        return
    if kind.name.endswith("List"):
        raise ProviderError(f"{kind.name}: lists can't be created; create the objects in it")
    if kind.name.endswith("Patch"):
        raise ProviderError(
            f"{kind.name}: patch resources are not supported by Cairn's stand-in for the Kubernetes plug-in"
        )


def _named(metadata: Object, old: Object, naming: Naming) -> Object:
    if metadata.get("generateName"):
        raise ProviderError("`metadata.generateName` is not supported with server-side apply; leave the name out")
    if metadata.get("name"):
        return metadata
    if old:
        if not is_marked(old, AUTONAMED):
            return metadata
        name = get(old, "metadata", "name")
    else:
        name = generated_name(naming)
    annotations = metadata.get("annotations", {})
    if isinstance(annotations, dict):
        annotations = {**annotations, AUTONAMED: "true"}
    return {**metadata, "name": name, "annotations": annotations}


def generated_name(naming: Naming) -> str:
    """The name that the engine proposes, or the base with eight hex digits.

    The digits are the same for the same seed: preview and update then show the same name.

    :raises ProviderError: the project's configuration disables automatic names.
    """
    if naming.disabled:
        raise ProviderError("automatic naming is disabled in this project: give the resource a name")
    digits = hashlib.sha256(naming.seed).hexdigest()[:8] if naming.seed else secrets.token_hex(4)
    return naming.proposed or f"{naming.base}-{digits}"


def _with_secret_data(inputs: Properties) -> Properties:
    """The inputs of a Secret with `stringData` moved into `data`, as the API server does, and all of it secret."""
    texts, data = reveal(inputs.get("stringData")), reveal(inputs.get("data"))
    if texts is not None and not has_unknown(texts) and not has_unknown(data):
        encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in cast(Any, texts).items()}
        inputs = {**inputs, "data": {**cast(Any, data or {}), **encoded}}
        inputs.pop("stringData")
    return {key: Secret(reveal(value)) if key in ("data", "stringData") else value for key, value in inputs.items()}
