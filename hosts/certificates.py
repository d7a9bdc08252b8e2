"""When the certificates of a cluster end: what a node has on disk, an API server shows, a kubeconfig carries."""

import base64
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml
from cryptography import x509

from hosts.cluster import run
from hosts.renewal import PROGRAM
from hosts.spec import Host

ANSWER_SECONDS = 3


@dataclass(frozen=True)
class Ends:
    """One certificate, by its file on the node, and when it ends."""

    file: str
    at: datetime


def on_node(host: Host) -> list[Ends]:
    """Every certificate that kubeadm and kubelet keep on the node. Raises HostError when it can't be asked."""
    return read(run(host, f"{PROGRAM} list"))


def read(listed: str) -> list[Ends]:
    """What the node's program printed: seconds since 1970 and a file on each line."""
    lines = (line.split(maxsplit=1) for line in listed.splitlines())
    return [Ends(file, datetime.fromtimestamp(int(seconds), UTC)) for seconds, file in lines]


def renew(host: Host) -> None:
    """Makes kubeadm's certificates anew if one of them ends within RENEWED_BEFORE, and lets the control plane use them.

    Needs no API server that answers. Raises HostError with kubeadm's words.
    """
    run(host, f"{PROGRAM} renew")


def of_client(kubeconfig: str) -> datetime | None:
    """When the client certificate of a kubeconfig's only user ends; None for a user without one."""
    data = yaml.safe_load(kubeconfig)["users"][0]["user"].get("client-certificate-data")
    return x509.load_pem_x509_certificate(base64.b64decode(data)).not_valid_after_utc if data else None


def shown(address: str, port: int = 6443) -> datetime | None:
    """When the certificate ends that a server shows now; None when it shows none."""
    try:
        found = ssl.get_server_certificate((address, port), timeout=ANSWER_SECONDS)
    except OSError:
        return None
    return x509.load_pem_x509_certificate(found.encode()).not_valid_after_utc
