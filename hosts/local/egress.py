"""The one rule that lets nodes out through this machine, when the profile asks for it."""

from pathlib import Path

from catalog.build import tool
from hosts.local.command import run, succeeds
from hosts.local.plan import Network


def _rule(network: Network) -> list[str]:
    tag = ["-m", "comment", "--comment", f"cairn:{network.handle}"]
    return ["POSTROUTING", "-s", network.address_range, "!", "-d", network.address_range, *tag, "-j", "MASQUERADE"]


def open_egress(network: Network) -> None:
    """Adds the masquerade rule, tagged with the environment's handle, unless it is there.

    Forwarding must be on as well; `hosts.local.kernel` keeps the value that `down` puts back.
    """
    if not succeeds(tool("iptables"), "-w", "-t", "nat", "-C", *_rule(network)):
        run(tool("iptables"), "-w", "-t", "nat", "-A", *_rule(network))
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def close_egress(network: Network) -> None:
    """Removes the masquerade rule, however often it is there; one without `egress` never had it."""
    while network.egress and succeeds(tool("iptables"), "-w", "-t", "nat", "-C", *_rule(network)):
        run(tool("iptables"), "-w", "-t", "nat", "-D", *_rule(network))
