"""Reads objects: one by its id, or all of a kind."""

from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import ApiError, NoSuchKindError, Object
from plugins.kubernetes.kinds import Discovery, Kind
from plugins.kubernetes.objects import split_id


class Reader:
    """Reads from one cluster."""

    def __init__(self, cluster: Cluster, discovery: Discovery) -> None:
        self._cluster = cluster
        self._discovery = discovery

    def read(self, kind: Kind, resource_id: str) -> Object | None:
        """An object as it is; None where there is none, or no such kind any more."""
        namespace, name = split_id(resource_id)
        try:
            return self._cluster.request("GET", self._discovery.find(kind).path(kind, namespace, name))
        except NoSuchKindError:
            return None
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def find_all(self, api_version: str, kind_name: str, namespace: str, selector: str) -> list[Object]:
        """The objects of a kind in a namespace with a label selector (empty: all)."""
        kind = Kind(api_version, kind_name)
        path = self._discovery.find(kind).path(kind, namespace)
        answer = self._cluster.request("GET", path, {"labelSelector": selector or None})
        return [{"apiVersion": api_version, "kind": kind_name, **item} for item in answer.get("items") or []]
