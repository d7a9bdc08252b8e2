"""Reads a rendered manifest (many YAML documents) for the objects in it."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from plugins.kubernetes.errors import Object
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.objects import id_of

_DOCUMENT = re.compile(r"^---.*$", re.MULTILINE)
_HEADER = re.compile(r"^(?:apiVersion|kind|metadata):(?:.*\n?)(?:(?:[ \t#-].*)?\n?)*?(?=^\S|\Z)", re.MULTILINE)
# The C parser where PyYAML has it: ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def headers(manifest: str) -> Iterator[Object]:
    """apiVersion, kind and metadata of each object; the rest, which may be megabytes of schema, is not parsed."""
    for document in _DOCUMENT.split(manifest):
        text = "".join(block.group(0) for block in _HEADER.finditer(document + "\n"))
        header = yaml.load(text, Loader=_LOADER) if text else None
        if isinstance(header, dict) and header.get("kind") and header.get("apiVersion"):
            yield {"metadata": {}, **header}


def resource_names(manifest: str) -> dict[str, list[str]]:
    """Ids of the objects by kind and API version: `Deployment.apps/apps/v1`, `Service/v1`."""
    names: dict[str, set[str]] = {}
    for header in headers(manifest):
        kind = Kind.of(header)
        full_name = f"{kind.name}.{kind.group}" if kind.group else kind.name
        names.setdefault(f"{full_name}/{kind.api_version}", set()).add(id_of(header))
    return {key: sorted(found) for key, found in sorted(names.items())}
