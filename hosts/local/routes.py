"""Which addresses of this machine are taken, and which range is free: the one rule that preflight and `up` go by."""

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network

import psutil

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Where a bridge's range may lie: RFC 1918's blocks, then the one that providers share (RFC 6598)."""
FIRST = IPv4Network("10.89.0.0/16")
"""Where a look for a free range starts: low second numbers of 10.0.0.0/8 are what people choose by hand."""
EVERYTHING = 3
"""A route whose prefix is that short, a half or a quarter of everything, is a VPN's way of writing a default route."""

_GET_ROUTE, _DUMP, _DONE, _ERROR = 26, 0x301, 3, 2  # linux/rtnetlink.h, linux/netlink.h
_UNICAST, _LOCAL = 1, 2  # what a route does: a broadcast address or a refusal takes nothing
_DESTINATION, _LINK, _MULTIPATH = 1, 4, 9  # the attributes RTA_DST, RTA_OIF, RTA_MULTIPATH


@dataclass(frozen=True)
class Route:
    """A link and the addresses that lie behind it, by its own address or by a route of any table."""

    link: str
    network: IPv4Network


def taken(wanted: IPv4Network, routes: Iterable[Route], own: str) -> Route | None:
    """The first route into `wanted` that isn't the bridge `own`'s, nor a way of writing a default route."""
    return next((each for each in _others(routes, own) if each.network.overlaps(wanted)), None)


def free_range(routes: Iterable[Route], besides: Iterable[str], own: str) -> IPv4Network | None:
    """A /24 of a private block that no route goes into and that is apart from the ranges `besides`.

    None where every private block is taken whole.
    """
    known = [each.network for each in _others(routes, own)] + [IPv4Network(each) for each in besides]
    return next((each for each in _choices() if not any(each.overlaps(network) for network in known)), None)


def advice(routes: Iterable[Route], besides: Iterable[str], own: str) -> str:
    """The command that mends a range that is taken."""
    found = free_range(routes, besides, own)
    if found is None:
        blocks = ", ".join(map(str, PRIVATE))
        return f"end what routes all of {blocks} (`ip route show table all`), a VPN say: nothing is left for nodes"
    return f"cairn up PROFILE --set cluster.address_range={found}"


def _others(routes: Iterable[Route], own: str) -> Iterator[Route]:
    return (each for each in routes if each.link != own and each.network.prefixlen > EVERYTHING)


def _choices() -> Iterator[IPv4Network]:
    """One /24 for each /16 of the private blocks, from FIRST on; then all the others."""
    wide = [each for block in PRIVATE for each in block.subnets(new_prefix=16)]
    start = wide.index(FIRST)
    ordered = [*wide[start:], *wide[:start]]
    yield from (next(each.subnets(new_prefix=24)) for each in ordered)
    yield from (narrow for each in ordered for narrow in each.subnets(new_prefix=24))


def routes() -> list[Route]:
    """This machine's own addresses, of links that are down too, and the routes of every table. Needs no program."""
    addresses = [
        Route(link, IPv4Interface(f"{address.address}/{address.netmask or '255.255.255.255'}").network)
        for link, found in psutil.net_if_addrs().items()
        for address in found
        if address.family == socket.AF_INET
    ]
    return addresses + [route for message in _messages() if (route := parse(message)) is not None]


def parse(message: bytes) -> Route | None:
    """The route of one kernel message (a struct rtmsg and its attributes); None for what takes no address."""
    length, kind = message[1], message[7]
    attributes = dict(_attributes(message[12:]))
    if kind not in (_UNICAST, _LOCAL):
        return None
    index = attributes.get(_LINK) or attributes.get(_MULTIPATH, bytes(8))[4:8]
    number = struct.unpack("=I", index)[0]
    try:
        link = socket.if_indextoname(number)
    except OSError:
        # It went between the two questions, or a nexthop object names it.
        link = f"link {number}"
    return Route(link, IPv4Network((attributes.get(_DESTINATION, bytes(4)), length)))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:length]
        data = data[(length + 3) & ~3 :]


def _messages() -> Iterator[bytes]:
    """Every IPv4 route that the kernel has, as it answers RTM_GETROUTE."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        asked = struct.pack("=IHHII", 28, _GET_ROUTE, _DUMP, 1, 0) + struct.pack("=B11x", socket.AF_INET)
        kernel.send(asked)
        while True:
            answer = kernel.recv(2**16)
            while answer:
                length, kind = struct.unpack_from("=IH", answer)
                if kind == _ERROR:
                    raise OSError(-struct.unpack_from("=i", answer, 16)[0], "the kernel doesn't tell its routes")
                if kind == _DONE:
                    return
                yield answer[16:length]
                answer = answer[(length + 3) & ~3 :]
