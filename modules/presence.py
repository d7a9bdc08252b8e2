"""Which of some objects are on the cluster: few requests, and no contents but names."""

from collections.abc import Iterable
from dataclasses import dataclass

from kubernetes.client import ApiClient

from modules.api import Object, get, path_of

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


def plurals(client: ApiClient, api_version: str) -> dict[str, str]:
    """The kinds of an API version and their names in paths; empty if the cluster doesn't have it (yet)."""
    return {each["kind"]: each["name"] for each in _kinds(client, api_version)}


def namespaced(client: ApiClient, api_version: str) -> frozenset[str]:
    """The kinds of an API version whose objects lie in namespaces."""
    return frozenset(each["kind"] for each in _kinds(client, api_version) if each["namespaced"])


def _kinds(client: ApiClient, api_version: str) -> list[Object]:
    listed = get(client, path_of(api_version, "").rstrip("/")) or {"resources": []}
    return [each for each in listed["resources"] if "/" not in each["name"]]


def absent(client: ApiClient, wanted: Iterable[Name]) -> list[Name]:
    """Those that are not there, or are on their way out, in the order given. Raises ApiError."""
    names = list(wanted)
    kinds = {api_version: plurals(client, api_version) for api_version in {each.api_version for each in names}}
    there: set[Name] = set()
    for api_version, kind, namespace in sorted({(each.api_version, each.kind, each.namespace) for each in names}):
        if plural := kinds[api_version].get(kind):
            listed = get(client, path_of(api_version, plural, namespace=namespace), NAMES_ONLY) or {"items": []}
            there |= {
                Name(api_version, kind, namespace, each["metadata"]["name"])
                for each in listed["items"]
                if not each["metadata"].get("deletionTimestamp")
            }
    return [each for each in names if each not in there]
