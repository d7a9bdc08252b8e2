"""What a running environment will need or lacks besides modules: certificates that end, a firewall in its way."""

import base64
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from cairn.cluster import Cluster
from hosts import certificates
from hosts.errors import HostError
from hosts.local import firewall
from hosts.local.teardown import recorded
from hosts.spec import Host
from modules.contract.api import ApiError, get, path_of, request
from modules.registry import entry_of

LATE_DAYS = 30
"""What ends sooner should have been renewed by now: everything is by 60 days before."""


@dataclass(frozen=True)
class Certificate:
    """One certificate: `of` says what shows or signs with it, `name` which it is there."""

    of: str
    name: str
    ends: datetime

    @property
    def days(self) -> int:
        """Whole days that are left; negative when it has ended."""
        return (self.ends - datetime.now(UTC)).days

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        return {"of": self.of, "name": self.name, "ends": self.ends.isoformat(), "days": self.days}


@dataclass(frozen=True)
class Upkeep:
    """All of it; `faults` are sentences, each with the line that mends it."""

    certificates: list[Certificate]
    faults: tuple[str, ...]

    def ready(self) -> bool:
        """Whether nothing has ended and no node is cut off."""
        return not self.faults and all(each.days >= 0 for each in self.certificates)

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        return {"certificates": [each.as_data() for each in self.certificates], "faults": list(self.faults)}


def look(environment: str, cluster: Cluster) -> Upkeep:
    """Ask nodes, cluster and the stack's own record. What can't be asked is a fault, not an error."""
    hosts = list(_hosts(cluster.outputs.get("ssh") or {}))
    with ThreadPoolExecutor() as pool:
        of_nodes = pool.map(_of_node, hosts)
        of_cluster = pool.submit(_of_cluster, cluster)
        cut_off = pool.submit(_cut_off, environment, [host.name for host in hosts])
        found, faults = list(_of_record(cluster)), list(cut_off.result())
        for part, fault in (*of_nodes, of_cluster.result()):
            found += part
            faults += fault
    late = [each for each in sooner(found) if each.days < LATE_DAYS]
    faults += [
        f"the certificate {each.name} of {each.of} {'ended' if each.days < 0 else 'ends'} on {each.ends:%Y-%m-%d}: "
        f"cairn up --name {environment}"
        for each in late
    ]
    return Upkeep(found, tuple(faults))


def sooner(found: Iterable[Certificate]) -> list[Certificate]:
    """Of each owner's certificates the one that ends first, in that order."""
    first: dict[str, Certificate] = {}
    for each in sorted(found, key=lambda one: one.ends):
        first.setdefault(each.of, each)
    return list(first.values())


def _hosts(ssh: dict[str, Any]) -> Iterable[Host]:
    keys = dict(line.split(" ", 1) for line in ssh.get("known_hosts", "").splitlines())
    for name, address in ssh.get("hosts", {}).items():
        yield Host(name, address, ssh["private_key"], keys[address], ssh["user"])


def _of_node(host: Host) -> tuple[list[Certificate], list[str]]:
    try:
        ends = certificates.on_node(host)
    except HostError as error:
        return [], [str(error)]
    return [Certificate(host.name, Path(each.file).name, each.at) for each in ends], []


def _of_record(cluster: Cluster) -> Iterable[Certificate]:
    """The administrator's, with which Cairn itself reaches the cluster."""
    end = certificates.of_client(cluster.kubeconfig)
    if end is not None:
        yield Certificate("the environment's kubeconfig", "administrator", end)


def _of_cluster(cluster: Cluster) -> tuple[list[Certificate], list[str]]:
    """Those that servers show, whoever made them, and the authority that clients of the entry point trust."""
    # Releases of charts are Secrets too, and big.
    entry = entry_of(cluster.profile)
    secrets = path_of("v1", "secrets") + "?fieldSelector=type%21%3Dhelm.sh%2Frelease.v1"
    try:
        items = request(cluster.client, "GET", secrets)["items"]
        authority = get(cluster.client, path_of("v1", "configmaps", *entry.authority)) if entry else None
    except ApiError as error:
        return [], [str(error)]
    shown = [
        (f"{each['metadata']['namespace']}/{each['metadata']['name']}", "tls.crt", base64.b64decode(data))
        for each in items
        if (data := (each.get("data") or {}).get("tls.crt"))
    ]
    trusted = [("the environment's own authority", "ca.crt", authority["data"]["ca.crt"].encode())] if authority else []
    return [found for each in (*shown, *trusted) if (found := _parsed(*each))], []


def _parsed(of: str, name: str, pem: bytes) -> Certificate | None:
    try:
        return Certificate(of, name, x509.load_pem_x509_certificate(pem).not_valid_after_utc)
    except ValueError:
        # Somebody's Secret with such a key and something else in it.
        return None


def _cut_off(environment: str, nodes: list[str]) -> Iterable[str]:
    """Local nodes that a firewall of this machine keeps from the others."""
    network = recorded(environment)
    if nodes and network.root.exists():
        with ThreadPoolExecutor() as pool:
            for node, reaches in zip(nodes, pool.map(lambda node: _reaches(environment, node), nodes), strict=True):
                if not reaches:
                    yield f"{node} can't reach the other nodes: {firewall.fix(network)}"


def _reaches(environment: str, node: str) -> bool:
    network = recorded(environment)
    # What doesn't run reaches nobody, and shows as a node that isn't ready.
    return not (network.run_root / node).exists() or firewall.reaches_others(network, node)
