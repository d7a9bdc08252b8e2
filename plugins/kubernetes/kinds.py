"""Kinds and where the API server serves them; read from its discovery once for each group and version."""

import threading
from dataclasses import dataclass
from urllib.parse import quote

from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import ApiError, NoSuchKindError, Object

CUSTOM_RESOURCE_DEFINITION = "apiextensions.k8s.io/v1:CustomResourceDefinition"
RELEASE = "helm.sh/v3:Release"


@dataclass(frozen=True)
class Kind:
    """An API version (`apps/v1`, `v1`) and a kind in it."""

    api_version: str
    name: str

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version in the group."""
        return self.api_version.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.api_version}:{self.name}"

    @classmethod
    def of(cls, obj: Object) -> "Kind":
        """The kind of an object."""
        return cls(str(obj["apiVersion"]), str(obj["kind"]))

    @classmethod
    def of_type(cls, type_token: str) -> "Kind":
        """The kind of a Pulumi type: `kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:Secret`."""
        _, module, name = type_token.split(":")
        return cls(module.removeprefix("core/"), name)


@dataclass(frozen=True)
class Served:
    """How the API server serves a kind."""

    plural: str
    namespaced: bool

    def path(self, kind: Kind, namespace: str | None, name: str | None = None) -> str:
        """The URL path of an object, or of the collection when there is no name."""
        prefix = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
        scope = f"/namespaces/{quote(namespace or 'default')}" if self.namespaced else ""
        return f"{prefix}{scope}/{self.plural}" + (f"/{quote(name)}" if name else "")


class Discovery:
    """Answers where a kind is served, from memory after the first question about its group and version."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Served]] = {}

    def find(self, kind: Kind) -> Served:
        """Where a kind is served. Not finding it is not remembered: its definition may be made any moment.

        :raises NoSuchKindError: it is not served.
        """
        with self._lock:
            served = self._known.get(kind.api_version, {}).get(kind.name)
        if served is None:
            kinds = self._read(kind)
            with self._lock:
                self._known[kind.api_version] = kinds
            served = kinds.get(kind.name)
        if served is None:
            raise NoSuchKindError(
                f"the API server serves no {kind.name} in {kind.api_version}; "
                "verify that any required CustomResourceDefinitions have been created"
            )
        return served

    def serves(self, kind: Kind) -> bool:
        """Whether the kind is served."""
        try:
            self.find(kind)
        except NoSuchKindError:
            return False
        return True

    def _read(self, kind: Kind) -> dict[str, Served]:
        try:
            answer = self._cluster.request("GET", f"/{'apis' if kind.group else 'api'}/{kind.api_version}")
        except ApiError as error:
            if error.code in (404, 503):
                return {}
            raise
        return {
            item["kind"]: Served(item["name"], item["namespaced"])
            for item in answer.get("resources") or []
            if "/" not in item["name"]
        }
