"""The entry point as somebody outside of the cluster uses it: by its address, its hosts and its certificate."""

import ssl
from collections.abc import Callable, Mapping

import httpx

from modules.cluster.gateway import AUTHORITY
from modules.contract.api import Object
from modules.parts.routes import ENTRY_POINT, NAMESPACE, parent, settings_of, team_hosts
from smoke_tests.support.cluster import CONFIG_MAP, GATEWAY, HTTP_ROUTE, Cluster, condition
from smoke_tests.support.waiting import until

ROUTE_SECONDS = 30
"""How long a new route may take to reach the proxy."""


class Entry:
    """Requests to hosts of the entry point; names need not resolve, and certificates are verified."""

    def __init__(self, cluster: Cluster) -> None:
        gateway = cluster.get(GATEWAY, ENTRY_POINT, NAMESPACE)
        assert gateway is not None, "there is no entry point"
        self.address = str(gateway["status"]["addresses"][0]["value"])
        self.domain = settings_of(cluster.environment.profile).domain
        found = cluster.get(CONFIG_MAP, AUTHORITY, NAMESPACE)
        self.authority = str(found["data"]["ca.crt"]) if found else ""

    def client(self, authority: str | None = None) -> httpx.Client:
        """A client that trusts this authority alone; by default the environment's own."""
        trusted = ssl.create_default_context(cadata=(self.authority if authority is None else authority) or None)
        return httpx.Client(verify=trusted, trust_env=False, timeout=20)

    def get(
        self, client: httpx.Client, host: str, path: str = "/", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One GET over HTTPS, as if `host` resolved to the entry point's address."""
        told = {"Host": host, **(headers or {})}
        return client.get(f"https://{self.address}{path}", headers=told, extensions={"sni_hostname": host})

    def until_status(
        self, client: httpx.Client, host: str, wanted: Callable[[int], bool] = lambda it: it == 200
    ) -> None:
        """Waits for an answer with a status that is wanted: the entry point learns of a route some moments later."""

        def answered() -> bool:
            answer = self.get(client, host)
            assert wanted(answer.status_code), f"{answer.status_code} {answer.text[:200]}"
            return True

        until(answered, ROUTE_SECONDS, f"https://{host}")


def team_host(cluster: Cluster, name: str, team: str) -> str:
    """A host of a team."""
    return f"{name}{team_hosts(team, cluster.environment.profile)}"


def route(name: str, namespace: str, host: str, rules: list[Object]) -> Object:
    """A route from the host through the entry point."""
    return {
        "apiVersion": HTTP_ROUTE.api_version,
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"parentRefs": [parent()], "hostnames": [host], "rules": rules},
    }


def status_of(found: Object, kind: str) -> Object:
    """A condition of a route, as the entry point sees it; empty when it has none yet."""
    parents = found.get("status", {}).get("parents") or [{}]
    return condition({"status": parents[0]}, kind)
