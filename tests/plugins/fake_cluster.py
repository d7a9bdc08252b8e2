"""An API server of a few lines, for tests of what is asked of it."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from plugins.kubernetes.errors import ApiError, Object

RESOURCES = {
    "/api/v1": [
        {"kind": "ConfigMap", "name": "configmaps", "namespaced": True},
        {"kind": "Namespace", "name": "namespaces", "namespaced": False},
        {"kind": "Secret", "name": "secrets", "namespaced": True},
        {"kind": "Pod", "name": "pods", "namespaced": True},
        {"kind": "Pod", "name": "pods/status", "namespaced": True},
        {"kind": "Event", "name": "events", "namespaced": True},
    ],
    "/apis/batch/v1": [{"kind": "Job", "name": "jobs", "namespaced": True}],
    "/apis/apps/v1": [{"kind": "Deployment", "name": "deployments", "namespaced": True}],
}
# Answers a call itself, or returns None to leave it to the fake.
Hook = Callable[[str, str, Mapping[str, str | None], Object | None], Object | None]


class FakeCluster:
    """Objects by path. `calls` are those that were made; `hook` may answer or refuse first."""

    kubeconfig: Any = None

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.resources: dict[str, list[Object]] = copy.deepcopy(RESOURCES)
        self.calls: list[tuple[str, str, Mapping[str, str | None]]] = []
        self.hook: Hook = lambda method, path, query, body: None

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | None] | None = None,
        body: Object | None = None,
        content_type: str = "",
        accept: str = "",
    ) -> Object:
        if path in self.resources and method == "GET":
            return {"resources": self.resources[path]}
        self.calls.append((method, path, query or {}))
        answer = self.hook(method, path, query or {}, body)
        if answer is not None:
            return answer
        if method == "PATCH":
            assert body is not None
            live = copy.deepcopy(body)
            live.setdefault("metadata", {})["uid"] = path
            if not (query or {}).get("dryRun"):
                self.objects[path] = live
            return live
        if method == "GET" and path.rpartition("/")[2] in ("pods", "events", "secrets", "replicasets"):
            return {"items": [item for key, item in self.objects.items() if key.startswith(f"{path}/")]}
        if path not in self.objects:
            raise ApiError(404, {"message": f"{path} not found"})
        if method == "DELETE":
            return self.objects.pop(path)
        return self.objects[path]

    def made(self, method: str) -> list[str]:
        """Paths of the calls with a method."""
        return [path for called, path, _ in self.calls if called == method]
