"""The one rule by which a machine's own firewall lets nodes of an environment reach each other."""

from catalog.build import tool
from hosts.errors import HostError
from hosts.local import container
from hosts.local.command import run, succeeds
from hosts.local.plan import REGISTRY_PORT, Network

ANSWER_SECONDS = 5


def _rule(network: Network) -> list[str]:
    tag = ["-m", "comment", "--comment", f"cairn:{network.handle}"]
    return ["FORWARD", "-i", network.bridge, "-o", network.bridge, *tag, "-j", "ACCEPT"]


def _iptables(*words: str) -> list[str]:
    return [str(tool("iptables")), "-w", *words]


def is_open(network: Network) -> bool:
    """Whether the rule is there."""
    return succeeds(*_iptables("-C", *_rule(network)))


def open_bridge(network: Network) -> None:
    """Adds the rule, first of all and tagged with the environment's handle, unless it is there.

    Where the kernel passes bridged packets to iptables, Docker's or ufw's policy DROP for what is forwarded cuts nodes
    off from each other, and either may come at any time. What they add later comes before their policy, as this does.
    """
    if not is_open(network):
        run(*_iptables("-I", *_rule(network)))


def close_bridge(network: Network) -> None:
    """Removes the rule, however often it is there."""
    while is_open(network):
        run(*_iptables("-D", *_rule(network)))


def fix(network: Network) -> str:
    """The lines that mend what cuts nodes off: the rule taken out, or a firewall that no rule of iptables opens."""
    return (
        f"cairn up --name {network.environment}   (puts its rule back), or, where another firewall drops it:\n"
        f"firewall-cmd --zone=trusted --add-interface={network.bridge}; "
        f'nft list ruleset | grep -B2 "hook forward"   (shows what else drops)'
    )


def reaches_others(network: Network, node: str) -> bool:
    """Whether a running node gets through to the registry, over the bridge."""
    connect = f"exec 3<>/dev/tcp/{network.registry}/{REGISTRY_PORT}"
    return container.answers(network, node, "timeout", str(ANSWER_SECONDS), "bash", "-c", connect)


def require_open(network: Network, node: str) -> None:
    """Raises HostError with the way out when a firewall of this machine keeps the node from the others."""
    if not reaches_others(network, node):
        raise HostError(
            f"{node} can't reach {network.registry}: a firewall of this machine drops what the bridge {network.bridge} "
            f"passes on. {fix(network)}"
        )
