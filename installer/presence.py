"""Which of some objects are on the cluster: few requests, and no contents but names."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kubernetes.client import ApiClient

from modules.contract.api import Object, get, path_of

NAMES_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@dataclass(frozen=True, order=True)
class Name:
    """What tells one object from all others."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {f'{self.namespace}/' if self.namespace else ''}{self.name}"


def name_of(made: Object) -> Name:
    """The object's name."""
    metadata = made["metadata"]
    return Name(made["apiVersion"], made["kind"], metadata.get("namespace") or "", metadata["name"])


@dataclass(frozen=True)
class Kind:
    """What the API server says of a kind: its name in paths, and whether its objects lie in namespaces."""

    plural: str
    namespaced: bool


def kinds(client: ApiClient, api_version: str) -> dict[str, Kind]:
    """The kinds of an API version, by name; none if the cluster doesn't have it (yet). Raises ApiError."""
    listed = get(client, path_of(api_version, "").rstrip("/")) or {"resources": []}
    whole = (each for each in listed["resources"] if "/" not in each["name"])
    return {each["kind"]: Kind(each["name"], each["namespaced"]) for each in whole}


def absent(client: ApiClient, wanted: Iterable[Name]) -> list[Name]:
    """Those that are not there, or are on their way out, in the order given. Raises ApiError."""
    names = list(wanted)
    known = {each: kinds(client, each) for each in {name.api_version for name in names}}
    # Charts give a namespace to some of what lies in none.
    wide = {(version, kind) for version, found in known.items() for kind in found if not found[kind].namespaced}
    names = [replace(each, namespace="") if (each.api_version, each.kind) in wide else each for each in names]
    there: set[Name] = set()
    for api_version, kind, namespace in sorted({(each.api_version, each.kind, each.namespace) for each in names}):
        if found := known[api_version].get(kind):
            listed = get(client, path_of(api_version, found.plural, namespace=namespace), NAMES_ONLY) or {}
            there |= {
                Name(api_version, kind, namespace, each["metadata"]["name"])
                for each in listed.get("items") or []  # null where there is none
                if not each["metadata"].get("deletionTimestamp")
            }
    return [each for each in names if each not in there]
