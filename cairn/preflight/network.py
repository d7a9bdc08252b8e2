"""Whether the addresses that a profile wants for its nodes are free on this machine."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

import psutil

from cairn.preflight.check import Check, failed, passed
from hosts.local.plan import REGISTRY_PORT, Network
from hosts.local.routes import Route, advice, routes, taken

API_SERVER_PORT = 6443


def address_range(plan: Network, pod_range: str, found: Sequence[Route]) -> Check:
    """No other link may reach into the bridge's range; the environment's own bridge may, when it runs already."""
    name = "address range"
    wanted = IPv4Network(plan.address_range)
    if route := taken(wanted, found, plan.bridge):
        owner = "another Cairn environment's bridge" if route.link.startswith("cairn-") else f"link {route.link}"
        fix = advice(found, (plan.service_range, pod_range), plan.bridge)
        return failed(name, f"{wanted} is taken: {owner} has {route.network}", fix)
    return passed(name, f"{wanted} is free")


def ports(plan: Network, listening: Iterable[tuple[str, int]]) -> Check:
    """Nothing on this machine may serve on the registry's or the API server's address and port."""
    wanted = {(plan.registry, REGISTRY_PORT): "registry", (plan.control_plane, API_SERVER_PORT): "API server"}
    text = ", ".join(f"{address}:{port} ({name})" for (address, port), name in wanted.items())
    if busy := wanted.keys() & set(listening):
        address, port = min(busy)
        return failed("ports", f"{address}:{port} is taken", f"end what listens there: ss -ltnp 'sport = {port}'")
    return passed("ports", f"{text} are free")


def look(plan: Network, pod_range: str) -> list[Check]:
    """Look at this machine's links, routes and listening sockets."""
    return [address_range(plan, pod_range, routes()), ports(plan, _listening())]


def _listening() -> list[tuple[str, int]]:
    return [
        (connection.laddr.ip, connection.laddr.port)
        for connection in psutil.net_connections("tcp4")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    ]
