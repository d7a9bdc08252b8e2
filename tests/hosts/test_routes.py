import struct
from ipaddress import IPv4Address, IPv4Network

import pytest

from hosts.errors import HostError
from hosts.local import bridge, routes
from hosts.local.plan import Network
from hosts.local.routes import PRIVATE, Route, advice, free_range, parse, taken

OWN = "cairn-000000"
HALVES = [Route("tun0", IPv4Network("0.0.0.0/1")), Route("tun0", IPv4Network("128.0.0.0/1"))]
LAN = [Route("eth0", IPv4Network("10.0.0.0/8"))]


def message(destination: str, length: int, kind: int, attribute: bytes) -> bytes:
    header = struct.pack("=BBBBBBBBI", 2, length, 0, 0, 254, 0, 0, kind, 0)
    return header + struct.pack("=HH4s", 8, 1, IPv4Address(destination).packed) + attribute


def test_a_range_that_is_offered_is_free_and_apart_from_pods_and_services() -> None:
    besides = ("10.89.0.0/16", "10.90.0.0/15")
    found = free_range([Route("a", IPv4Network("10.92.0.0/24"))], besides, OWN)
    assert found == IPv4Network("10.93.0.0/24")


def test_a_lan_of_a_whole_block_leaves_the_others() -> None:
    assert free_range(LAN, (), OWN) == IPv4Network("172.16.0.0/24")
    lans = [Route("eth0", block) for block in PRIVATE[:2]]
    assert free_range(lans, (), OWN) == IPv4Network("192.168.0.0/24")


def test_a_block_of_which_every_second_number_is_taken_still_has_room_between() -> None:
    lans = [Route("eth0", block) for block in PRIVATE[1:]]
    lans += [Route("eth0", next(each.subnets(new_prefix=24))) for each in PRIVATE[0].subnets(new_prefix=16)]
    assert free_range(lans, (), OWN) == IPv4Network("10.89.1.0/24")


def test_a_machine_whose_private_blocks_are_all_taken_is_told_so_and_no_command_that_fails() -> None:
    lans = [Route("vpn", block) for block in PRIVATE]
    assert free_range(lans, (), OWN) is None
    assert "ip route show table all" in advice(lans, (), OWN)
    assert "--set" not in advice(lans, (), OWN)


def test_halves_of_everything_take_nothing_and_a_route_of_ones_own_bridge_neither() -> None:
    wanted = IPv4Network("10.89.0.0/24")
    assert taken(wanted, [*HALVES, Route(OWN, wanted)], OWN) is None
    assert taken(wanted, [*HALVES, *LAN], OWN) == LAN[0]


@pytest.mark.parametrize("found", [LAN, [*HALVES, *LAN]])
def test_up_refuses_by_the_same_rule_and_names_a_free_range(
    monkeypatch: pytest.MonkeyPatch, found: list[Route]
) -> None:
    monkeypatch.setattr(routes, "routes", lambda: found)
    with pytest.raises(HostError, match=r"eth0 routes 10\.0\.0\.0/8.*cluster\.address_range=172\.16\.0\.0/24"):
        bridge.require_free_range(Network("dev"))
    monkeypatch.setattr(routes, "routes", lambda: HALVES)
    bridge.require_free_range(Network("dev"))


def test_the_kernels_routes_are_read_of_every_table() -> None:
    loopback = Route("lo", IPv4Network("127.0.0.0/8"))
    # It stands in the table `local`, which /proc/net/route doesn't show, and is an address of the link too.
    assert [route for route in map(parse, routes._messages()) if route].count(loopback) >= 1
    assert loopback in routes.routes()


def test_a_route_over_several_links_is_read_and_one_that_refuses_takes_nothing() -> None:
    over = struct.pack("=HHHBBI", 12, 9, 8, 0, 0, 1)
    assert parse(message("10.8.0.0", 16, 1, over)) == Route("lo", IPv4Network("10.8.0.0/16"))
    assert parse(message("10.8.0.0", 16, 6, b"")) is None
