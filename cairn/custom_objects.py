"""Objects that people made of a module's custom resources: found, and ended while the module still runs.

Only the module's controller takes a finalizer off. Once it is gone, so would be whoever lets the objects go.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from kubernetes.client import ApiClient

from cairn.errors import UserError
from installer.install import ENVIRONMENT
from modules.contract.api import ApiError, Object, get, path_of, request
from modules.contract.team import PLATFORMS

END_SECONDS = 180
"""How long objects may take to end: a Ray cluster's pods have a minute of grace."""


@dataclass(frozen=True)
class CustomObject:
    """One object, as a person calls it and by its path."""

    label: str
    path: str


def made_by_people(client: ApiClient, definitions: Iterable[str]) -> list[CustomObject]:
    """The objects of these definitions (`PLURAL.GROUP`) that neither Cairn nor a chart made. Raises ApiError.

    What belongs to another of them goes with that, and isn't named.
    """
    found: dict[str, list[Object]] = {}
    collections: dict[str, str] = {}
    for name in definitions:
        definition = get(client, path_of("apiextensions.k8s.io/v1", "customresourcedefinitions", name))
        if definition is None:
            continue
        spec = definition["spec"]
        [version] = [each["name"] for each in spec["versions"] if each["storage"]]
        collections[name] = f"/apis/{spec['group']}/{version}"
        listed = get(client, f"{collections[name]}/{spec['names']['plural']}") or {"items": []}
        kind, group = spec["names"]["kind"], spec["group"]
        found[name] = [{**each, "kind": kind, "group": group} for each in listed["items"]]
    kinds = {(each["kind"], each["group"]) for listed in found.values() for each in listed}
    return [
        CustomObject(f"{each['kind']} {_name(each)}", _path(collections[name], name.partition(".")[0], each))
        for name, listed in found.items()
        for each in listed
        if not _is_platforms(each) and not _belongs_to(each, kinds)
    ]


def end(client: ApiClient, objects: Sequence[CustomObject], seconds: float = END_SECONDS) -> None:
    """Delete them and wait until each is gone; a `UserError` names those that don't go."""
    for each in objects:
        with suppress(ApiError):  # Gone already, or it shows in what is left.
            request(client, "DELETE", each.path)
    deadline = time.monotonic() + seconds
    while left := [each for each in objects if get(client, each.path) is not None]:
        if time.monotonic() > deadline:
            raise UserError(
                f"{len(left)} object{'' if len(left) == 1 else 's'} did not end within {seconds:.0f} s",
                where="\n".join(each.label for each in left),
                fix="look why (kubectl describe; their module's log), then run the same command again",
                exit_code=1,
            )
        time.sleep(0.5)


def _is_platforms(found: Object) -> bool:
    labels = found["metadata"].get("labels") or {}
    return ENVIRONMENT in labels or labels.get(PLATFORMS[0]) == "Helm"


def _belongs_to(found: Object, kinds: set[tuple[str, str]]) -> bool:
    owners = found["metadata"].get("ownerReferences") or []
    return any((owner["kind"], owner["apiVersion"].partition("/")[0]) in kinds for owner in owners)


def _name(found: Object) -> str:
    metadata = found["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def _path(collection: str, plural: str, found: Object) -> str:
    metadata = found["metadata"]
    inside = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
    return f"{collection}{inside}/{plural}/{metadata['name']}"
