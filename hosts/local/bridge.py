"""The environment's bridge, and the network namespaces that hang on it."""

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from catalog.build import tool
from hosts.errors import HostError
from hosts.local import routes
from hosts.local.command import run, succeeds
from hosts.local.plan import Network
from profiles.schema import Cluster

NAMESPACES = Path("/run/netns")
MOUNTED = Path("/run/cairn/netns-mounted")
"""Says that NAMESPACES was no mount before Cairn: `ip netns` mounts it for the first namespace, and never unmounts."""


def _ip(*words: str) -> str:
    return run(tool("ip"), *words)


def present(network: Network) -> bool:
    """Whether the bridge is there, up, and has its address."""
    if not Path("/sys/class/net", network.bridge).exists():
        return False
    found: list[dict[str, Any]] = json.loads(_ip("-json", "address", "show", "dev", network.bridge) or "[]")
    addresses = {info["local"] for link in found for info in link.get("addr_info", [])}
    return network.machine in addresses and any("UP" in link["flags"] for link in found)


def require_free_range(network: Network) -> None:
    """Raises HostError when a route of this machine overlaps the environment's address range."""
    found = routes.routes()
    if route := routes.taken(IPv4Network(network.address_range), found, network.bridge):
        besides = (network.service_range, Cluster().pod_range)
        raise HostError(
            f"the address range {network.address_range} is taken: {route.link} routes {route.network}. "
            f"Choose another: `{routes.advice(found, besides, network.bridge)}`"
        )


def create(network: Network) -> None:
    """Makes the bridge with the machine's address, unless it is there."""
    require_free_range(network)
    if not Path("/sys/class/net", network.bridge).exists():
        _ip("link", "add", network.bridge, "type", "bridge")
    _ip("address", "replace", f"{network.machine}/{network.prefix_length}", "dev", network.bridge)
    _ip("link", "set", network.bridge, "up")


def remove(network: Network) -> None:
    """Takes the bridge and every namespace of the environment away; with them go their links."""
    for namespace in namespaces(network):
        _ip("netns", "delete", namespace)
    for link in Path("/sys/class/net").glob(f"{_outer(network, '')}*"):
        _delete_link(link.name)
    if Path("/sys/class/net", network.bridge).exists():
        _ip("link", "delete", network.bridge)


def namespaces(network: Network) -> list[str]:
    """The environment's network namespaces."""
    if not NAMESPACES.is_dir():
        return []
    return sorted(path.name for path in NAMESPACES.iterdir() if path.name.startswith(network.netns("")))


def attach(network: Network, name: str, address: str) -> Path:
    """Makes a network namespace with `address` on the bridge, unless it is there, and returns its path.

    The service range is routed to the bridge because the kernel looks a route up before kube-proxy's rules
    rewrite the destination; there is a default route only with `egress`.
    """
    namespace = network.netns(name)
    path = NAMESPACES / namespace
    if _attached(namespace, address):
        return path
    detach(network, name)
    outer = _outer(network, address)
    _delete_link(outer)
    if not _mounted():
        MOUNTED.parent.mkdir(parents=True, exist_ok=True)
        MOUNTED.touch()
    _ip("netns", "add", namespace)
    _ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    _ip("link", "set", outer, "master", network.bridge, "up")
    inside = ("-netns", namespace)
    _ip(*inside, "link", "set", "lo", "up")
    _ip(*inside, "address", "add", f"{address}/{network.prefix_length}", "dev", "eth0")
    _ip(*inside, "link", "set", "eth0", "up")
    _ip(*inside, "route", "add", network.service_range, "dev", "eth0")
    if network.egress:
        _ip(*inside, "route", "add", "default", "via", network.machine)
    return path


def _outer(network: Network, address: str) -> str:
    """The name of a namespace's link as the machine sees it."""
    return f"crn{network.handle}p{address.rpartition('.')[2]}"


def _delete_link(name: str) -> None:
    """Deletes a link, if it is there. (One whose namespace still has dying sockets outlives that namespace's name.)"""
    link = Path("/sys/class/net", name)
    # It may go by itself in between, so the first no is no error; one that stays is.
    if link.exists() and not succeeds(tool("ip"), "link", "delete", name) and link.exists():
        _ip("link", "delete", name)


def _mounted() -> bool:
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == str(NAMESPACES) for line in mounts)


def unmount() -> None:
    """Takes away the mount that the first namespace of this machine brought, if Cairn made it and nobody uses it."""
    if MOUNTED.exists() and not any(NAMESPACES.glob("*")):
        while _mounted():
            run("umount", NAMESPACES)
        if NAMESPACES.is_dir():
            NAMESPACES.rmdir()
        MOUNTED.unlink()


def _attached(namespace: str, address: str) -> bool:
    if not (NAMESPACES / namespace).exists() or not succeeds(tool("ip"), "netns", "exec", namespace, "true"):
        return False
    links = json.loads(_ip("-netns", namespace, "-json", "address", "show") or "[]")
    return any(
        info["local"] == address and "UP" in link["flags"] for link in links for info in link.get("addr_info", [])
    )


def detach(network: Network, name: str) -> None:
    """Takes a network namespace and its link away, if it is there."""
    namespace = network.netns(name)
    if (NAMESPACES / namespace).exists():
        _ip("netns", "delete", namespace)
