"""What the platform costs while nobody uses it: processor time and memory of its cgroup, and its pods' requests."""

import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from kubernetes.client import ApiClient

from hosts.local.budget import ROOT, unified
from hosts.local.plan import Network
from modules.contract.api import path_of, request
from profiles.quantity import amount


@dataclass(frozen=True)
class Idle:
    """Cores and bytes in use by everything on the nodes, on average over `seconds`; and what pods ask for."""

    cores: float
    memory_bytes: int
    seconds: float
    requested_cores: Decimal
    requested_bytes: Decimal


UNKNOWN = Idle(0.0, 0, 0.0, Decimal(0), Decimal(0))


def measure(network: Network, client: ApiClient, seconds: float) -> Idle:
    """Look twice, `seconds` apart."""
    start, used = time.monotonic(), cpu_seconds(network)
    time.sleep(seconds)
    passed = time.monotonic() - start
    cores = (cpu_seconds(network) - used) / passed
    return Idle(cores, memory_bytes(network), passed, *requests(client))


def cpu_seconds(network: Network) -> float:
    """Processor time of the environment's parent cgroup so far."""
    if unified():
        lines = (ROOT / network.cgroup / "cpu.stat").read_text().splitlines()
        return int(dict(line.split() for line in lines)["usage_usec"]) / 1e6
    return int((ROOT / "cpuacct" / network.cgroup / "cpuacct.usage").read_text()) / 1e9


def memory_bytes(network: Network) -> int:
    """Memory in use without the page cache that the kernel can drop at any time (as kubelet counts it)."""
    group = ROOT / network.cgroup if unified() else ROOT / "memory" / network.cgroup
    total = group / ("memory.current" if unified() else "memory.usage_in_bytes")
    return int(total.read_text()) - _dropped_at_will(group)


def _dropped_at_will(group: Path) -> int:
    lines = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return int(lines["inactive_file" if unified() else "total_inactive_file"])


def requests(client: ApiClient) -> tuple[Decimal, Decimal]:
    """Cores and bytes that all pods on the cluster ask for together."""
    pods = request(client, "GET", path_of("v1", "pods"))["items"]
    asked = [
        container.get("resources", {}).get("requests", {})
        for pod in pods
        if pod["status"].get("phase") not in ("Succeeded", "Failed")
        for container in pod["spec"]["containers"]
    ]
    cores, memory = (sum((amount(each.get(name, "0")) for each in asked), Decimal(0)) for name in ("cpu", "memory"))
    return cores, memory
