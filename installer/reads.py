"""Pods start anew when what they read when they start has changed, which Kubernetes leaves to whoever changes it.

So what is drawn anew is set anew: a server gets its new password, and the job that makes an account runs again.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from modules.contract.api import Object
from modules.contract.credentials import Digest

READS = "cairn/reads"
"""The annotation of a pod template: a digest of the Secrets and ConfigMaps that its pods read."""

Place = tuple[str, str, str]
"""Kind, namespace and name."""
_KINDS = {
    "secret": "Secret",
    "secretRef": "Secret",
    "secretKeyRef": "Secret",
    "configMap": "ConfigMap",
    "configMapRef": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
}


def contents(objects: list[Object]) -> dict[Place, Any]:
    """What is in the Secrets and ConfigMaps among the objects. Pure."""
    return {
        (made["kind"], made["metadata"]["namespace"], made["metadata"]["name"]): [
            made.get("data"),
            made.get("stringData"),
        ]
        for made in objects
        if made["kind"] in _KINDS.values()
    }


def marked(made: Object, known: Mapping[Place, Any]) -> Object:
    """The object; if it makes pods that read any of what is known, with the annotation on their template. Pure."""
    template = made.get("spec", {}).get("template", {}) if made["kind"] in ("Deployment", "StatefulSet", "Job") else {}
    places = {(kind, made["metadata"].get("namespace", ""), name) for kind, name in _named(template)}
    read = {"/".join(place): known[place] for place in sorted(places) if place in known}
    if not read:
        return made
    metadata = template.get("metadata", {})
    annotations = {**metadata.get("annotations", {}), READS: Digest(read)}
    template = {**template, "metadata": {**metadata, "annotations": annotations}}
    return {**made, "spec": {**made["spec"], "template": template}}


def digests(objects: list[Object]) -> list[Digest]:
    """The digests that `marked` gave the objects."""
    templates = (made.get("spec", {}).get("template", {}) for made in objects if made["kind"] != "ConfigMap")
    found = (template.get("metadata", {}).get("annotations", {}).get(READS) for template in templates)
    return [digest for digest in found if isinstance(digest, Digest)]


def _named(content: Any) -> Iterator[tuple[str, str]]:
    """The Secrets and ConfigMaps that a pod template names, by kind and name."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key in _KINDS and isinstance(value, Mapping):
                yield _KINDS[key], str(value.get("secretName") or value.get("name"))
            yield from _named(value)
    elif isinstance(content, list):
        for value in content:
            yield from _named(value)
