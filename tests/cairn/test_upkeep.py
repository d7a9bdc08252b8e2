import base64
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cairn import upkeep
from cairn.commands.status import certificates as table
from cairn.upkeep import look
from hosts import certificates
from hosts.certificates import Ends
from hosts.errors import HostError
from profiles.load import load

NOW = datetime.now(UTC).replace(microsecond=0)
FILE = "/etc/kubernetes/pki/apiserver.crt"


def pem(days: float) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name, end = x509.Name([]), NOW + timedelta(days=days)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, end - timedelta(days=900), end)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def encoded(days: float) -> str:
    return base64.b64encode(pem(days).encode()).decode()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A cluster of one node; `secrets`, `node` and `reaches` are what it answers."""
    ssh = {"private_key": "k", "user": "root", "hosts": {"dev-control-plane": "10.89.0.11"}}
    found = SimpleNamespace(
        client=None,
        profile=load("laptop"),
        kubeconfig=yaml.safe_dump({"users": [{"user": {"client-certificate-data": encoded(300)}}]}),
        outputs={"ssh": {**ssh, "known_hosts": "10.89.0.11 ssh-ed25519 AAAA\n"}},
        secrets=[
            {"metadata": {"namespace": "gateway", "name": "tls"}, "data": {"tls.crt": encoded(90.5)}},
            {"metadata": {"namespace": "a", "name": "other"}, "data": {"tls.crt": "bm8="}},
            {"metadata": {"namespace": "a", "name": "empty"}},
        ],
        node=lambda: [Ends(FILE, NOW + timedelta(days=200, hours=1)), Ends("x/ca.crt", NOW + timedelta(days=3000))],
        reaches=True,
    )
    monkeypatch.setattr(certificates, "on_node", lambda host: found.node())
    monkeypatch.setattr(
        upkeep,
        "request",
        lambda client, method, path: {"items": found.secrets},
    )
    monkeypatch.setattr(upkeep, "get", lambda client, path: {"data": {"ca.crt": pem(2000)}})
    monkeypatch.setattr(upkeep, "_cut_off", lambda environment, nodes: [] if found.reaches else [f"{nodes[0]} can't"])
    return found


def test_every_certificate_is_told_with_its_end(cluster: Any) -> None:
    found = look("dev", cluster)
    assert {(each.of, each.name, each.days) for each in found.certificates} == {
        ("the environment's kubeconfig", "administrator", 299),
        ("dev-control-plane", "apiserver.crt", 200),
        ("dev-control-plane", "ca.crt", 2999),
        ("gateway/tls", "tls.crt", 90),
        ("the environment's own authority", "ca.crt", 1999),
    }
    assert found.ready()
    assert found.as_data()["certificates"][0].keys() == {"of", "name", "ends", "days"}


def test_a_person_sees_of_each_place_the_one_that_ends_first(cluster: Any) -> None:
    columns = table(look("dev", cluster)).columns
    assert list(columns[0].cells) == [
        "gateway/tls",
        "dev-control-plane",
        "the environment's kubeconfig",
        "the environment's own authority",
    ]
    assert list(columns[1].cells)[1] == "apiserver.crt"


def test_one_that_ends_soon_is_told_with_the_command_that_renews_it(cluster: Any) -> None:
    cluster.node = lambda: [Ends(FILE, NOW + timedelta(days=20))]
    (fault,) = look("dev", cluster).faults
    assert fault.startswith("the certificate apiserver.crt of dev-control-plane ends on ")
    assert fault.endswith(": cairn up --name dev")


def test_one_that_has_ended_is_not_ready(cluster: Any) -> None:
    cluster.secrets = [{"metadata": {"namespace": "gateway", "name": "tls"}, "data": {"tls.crt": encoded(-1)}}]
    found = look("dev", cluster)
    assert not found.ready()
    assert "gateway/tls ended on" in found.faults[0]


def test_a_node_that_cant_be_asked_or_is_cut_off_is_a_fault_and_no_traceback(cluster: Any) -> None:
    def silent() -> list[Ends]:
        raise HostError("dev-control-plane can't be reached over SSH")

    cluster.node, cluster.reaches = silent, False
    found = look("dev", cluster)
    assert found.faults == ("dev-control-plane can't", "dev-control-plane can't be reached over SSH")
    assert not found.ready()
