"""Whether the addresses that a profile wants for its nodes are free on this machine."""

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import psutil

from cairn.preflight.check import Check, failed, passed
from hosts.local.plan import REGISTRY_PORT, Network

API_SERVER_PORT = 6443


@dataclass(frozen=True)
class Route:
    """A link and the addresses that lie behind it, by its own address or by a route."""

    link: str
    network: IPv4Network


def address_range(plan: Network, routes: Iterable[Route]) -> Check:
    """No other link may reach into the bridge's range; the environment's own bridge may, when it runs already."""
    name = "address range"
    wanted = IPv4Network(plan.address_range)
    others = [route for route in routes if route.link != plan.bridge]
    for route in others:
        if route.network.overlaps(wanted):
            owner = "another Cairn environment's bridge" if route.link.startswith("cairn-") else f"link {route.link}"
            found = f"{wanted} is taken: {owner} has {route.network}"
            return failed(name, found, f"cairn up PROFILE --set cluster.address_range={free_range(others)}")
    return passed(name, f"{wanted} is free")


def ports(plan: Network, listening: Iterable[tuple[str, int]]) -> Check:
    """Nothing on this machine may serve on the registry's or the API server's address and port."""
    wanted = {(plan.registry, REGISTRY_PORT): "registry", (plan.control_plane, API_SERVER_PORT): "API server"}
    text = ", ".join(f"{address}:{port} ({name})" for (address, port), name in wanted.items())
    if taken := wanted.keys() & set(listening):
        address, port = min(taken)
        return failed("ports", f"{address}:{port} is taken", f"end what listens there: ss -ltnp 'sport = {port}'")
    return passed("ports", f"{text} are free")


def free_range(routes: Iterable[Route]) -> IPv4Network:
    """A /24 that no route overlaps."""
    taken = [route.network for route in routes]
    choices = (IPv4Network(f"10.{second}.0.0/24") for second in range(90, 256))
    return next(choice for choice in choices if not any(choice.overlaps(network) for network in taken))


def look(plan: Network) -> list[Check]:
    """Look at this machine's links, routes and listening sockets."""
    return [address_range(plan, _routes()), ports(plan, _listening())]


def _routes() -> list[Route]:
    own = [
        Route(link, IPv4Interface(f"{address.address}/{address.netmask or '255.255.255.255'}").network)
        for link, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if address.family == socket.AF_INET
    ]
    table = Path("/proc/net/route")
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    return own + [route for line in lines if (route := parse_route(line)).network.prefixlen > 0]


def parse_route(line: str) -> Route:
    """One line of /proc/net/route: addresses are hexadecimal, in the machine's byte order."""
    fields = line.split()
    destination, mask = (IPv4Address(struct.pack("=I", int(fields[index], 16))) for index in (1, 7))
    return Route(fields[0], IPv4Network(f"{destination}/{mask}"))


def _listening() -> list[tuple[str, int]]:
    return [
        (connection.laddr.ip, connection.laddr.port)
        for connection in psutil.net_connections("tcp4")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    ]
