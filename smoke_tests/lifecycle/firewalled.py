"""A machine of its own, in a network namespace, whose firewall drops what is forwarded: prints what gets through when.

Run in namespaces of its own: `unshare --net --mount python -m smoke_tests.lifecycle.firewalled`.
"""

import json
from pathlib import Path

from catalog.build import tool
from hosts.local import bridge, firewall
from hosts.local.command import run, succeeds
from hosts.local.plan import Network

NETWORK = Network("firewalled", "10.103.0.0/24")
ONE, OTHER = NETWORK.control_plane, NETWORK.worker(1)
CLOSED_PORT = 9


def gets_through() -> bool:
    """Whether one end of the bridge hears the other refuse a connection: an answer all the same."""
    asked = f"exec 3<>/dev/tcp/{OTHER}/{CLOSED_PORT} || true"
    words = ("netns", "exec", NETWORK.netns("one"), "timeout", "2", "bash", "-c", asked)
    return succeeds(tool("ip"), *words)


def docker_comes() -> None:
    """What Docker does to the machine's rules when it starts, as far as other bridges are concerned."""
    run(tool("iptables"), "-P", "FORWARD", "DROP")
    succeeds(tool("iptables"), "-N", "DOCKER-FORWARD")
    run(tool("iptables"), "-I", "FORWARD", "-j", "DOCKER-FORWARD")
    run(tool("iptables"), "-A", "DOCKER-FORWARD", "-i", "docker0", "-j", "ACCEPT")


def main() -> None:
    """Prints one JSON object: whether one end reaches the other at each step."""
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    bridge.NAMESPACES.mkdir()
    run("mount", "-t", "tmpfs", "tmpfs", bridge.NAMESPACES)
    bridge.create(NETWORK)
    for name, address in (("one", ONE), ("other", OTHER)):
        bridge.attach(NETWORK, name, address)
    Path("/proc/sys/net/bridge/bridge-nf-call-iptables").write_text("1")
    found = {"without a firewall": gets_through()}
    docker_comes()
    found["with Docker's"] = gets_through()
    firewall.open_bridge(NETWORK)
    firewall.open_bridge(NETWORK)
    found["with the rule"] = gets_through()
    docker_comes()
    found["Docker later"] = gets_through()
    rules = run(tool("iptables"), "-S", "FORWARD")
    found["one rule"] = rules.count(NETWORK.bridge) == 2 and rules.count(f"cairn:{NETWORK.handle}") == 1
    firewall.close_bridge(NETWORK)
    found["no rule left"] = NETWORK.handle not in run(tool("iptables"), "-S")
    found["without the rule"] = gets_through()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
