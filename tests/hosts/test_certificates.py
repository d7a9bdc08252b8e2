import base64
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hosts import certificates
from hosts.deploys.templates import render
from hosts.renewal import RENEWED_BEFORE, ends_soon
from installer import authority

NOW = datetime.now(UTC).replace(microsecond=0)


def certificate(end: datetime) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, end - timedelta(days=900), end)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def kubeconfig(end: datetime) -> str:
    data = base64.b64encode(certificate(end).encode()).decode()
    return yaml.safe_dump({"users": [{"name": "me", "user": {"client-certificate-data": data}}]})


def test_it_is_time_sixty_days_before_the_end() -> None:
    assert not ends_soon(NOW + RENEWED_BEFORE + timedelta(hours=1), NOW)
    assert ends_soon(NOW + RENEWED_BEFORE - timedelta(hours=1), NOW)
    assert ends_soon(NOW - timedelta(days=1), NOW)
    assert not ends_soon(None)


def test_the_platforms_own_certificates_have_the_same_time() -> None:
    assert authority.RENEWED_BEFORE == RENEWED_BEFORE


def test_a_kubeconfig_ends_with_its_client_certificate_and_one_with_a_token_never() -> None:
    assert certificates.of_client(kubeconfig(NOW)) == NOW
    assert certificates.of_client(yaml.safe_dump({"users": [{"name": "me", "user": {"token": "t"}}]})) is None


def test_what_a_node_lists_is_read() -> None:
    (found,) = certificates.read("1700000000 /etc/kubernetes/pki/apiserver.crt\n")
    assert found == certificates.Ends("/etc/kubernetes/pki/apiserver.crt", datetime.fromtimestamp(1700000000, UTC))


class Node:
    """The program that nodes run, on a directory of this machine; its kubeadm and ctr write down what is asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = root / "asked"
        (root / "bin").mkdir()
        (root / "etc/pki/etcd").mkdir(parents=True)
        (root / "kubelet").mkdir()
        for name in ("kubeadm", "ctr", "systemctl"):
            program = root / "bin" / name
            program.write_text(f'#!/bin/sh\necho {name} "$@" >>{self.log}\ncase "$*" in *list*) echo c1;; esac\n')
            program.chmod(0o755)
        text = render("certificates.sh.j2", days=RENEWED_BEFORE.days, done=f"{root}/etc/done")
        text = text.replace("/etc/kubernetes", f"{root}/etc").replace("/var/lib/kubelet/pki", f"{root}/kubelet")
        self.program = root / "program"
        self.program.write_text(text)
        for name in ("done", "kubeadm-init.yaml"):
            (root / "etc" / name).touch()
        self.ends("pki/apiserver.crt", timedelta(days=300))
        self.ends("pki/etcd/server.crt", timedelta(days=300))
        (root / "etc/admin.conf").write_text(kubeconfig(NOW + timedelta(days=300)))
        (root / "kubelet/kubelet-client-current.pem").write_text(certificate(NOW + timedelta(days=20)))

    def ends(self, file: str, within: timedelta) -> None:
        (self.root / "etc" / file).write_text(certificate(NOW + within))

    def run(self, word: str) -> str:
        self.log.write_text("")
        path = f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
        argv = ["sh", str(self.program), word]
        return subprocess.run(argv, env={"PATH": path}, capture_output=True, text=True, check=True).stdout

    @property
    def asked(self) -> str:
        return self.log.read_text()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    if not shutil.which("openssl"):
        pytest.fail("openssl isn't on PATH; nodes have it by ca-certificates: apt-get install openssl")
    return Node(tmp_path)


def test_a_node_tells_of_each_certificate_when_it_ends(node: Node) -> None:
    found = {Path(each.file).name: each.at for each in certificates.read(node.run("list"))}
    assert found == {
        "apiserver.crt": NOW + timedelta(days=300),
        "server.crt": NOW + timedelta(days=300),
        "admin.conf": NOW + timedelta(days=300),
        "kubelet-client-current.pem": NOW + timedelta(days=20),
    }


def test_a_node_leaves_certificates_that_last_and_kubelets_own_alone(node: Node) -> None:
    node.run("renew")
    assert node.asked == ""


@pytest.mark.parametrize("days", [RENEWED_BEFORE.days - 1, -1])
@pytest.mark.parametrize("file", ["pki/apiserver.crt", "pki/etcd/server.crt", "admin.conf"])
def test_a_node_renews_all_when_one_ends_soon_and_ends_what_uses_the_former(node: Node, file: str, days: int) -> None:
    node.ends(file, timedelta(days=days))
    if file.endswith(".conf"):
        (node.root / "etc" / file).write_text(kubeconfig(NOW + timedelta(days=days)))
    node.run("renew")
    first, *others = node.asked.splitlines()
    assert first == "kubeadm certs renew all --config kubeadm-init.yaml"
    killed = [line for line in others if "tasks kill --signal SIGTERM c1" in line]
    assert len(killed) == 4


def test_a_run_that_was_killed_before_the_programs_were_ended_is_gone_on_with(node: Node) -> None:
    (node.root / "etc/cairn-renewing").touch()
    node.run("renew")
    assert "tasks kill" in node.asked
    node.run("renew")
    assert node.asked == ""


def test_a_kubelet_whose_certificate_has_ended_is_given_another(node: Node) -> None:
    (node.root / "kubelet/kubelet-client-current.pem").write_text(certificate(NOW - timedelta(days=1)))
    node.run("renew")
    assert "kubeadm kubeconfig user" in node.asked
    assert "--org system:nodes --client-name system:node:" in node.asked
    assert "systemctl restart kubelet" in node.asked
    assert (node.root / "etc/kubelet.conf").stat().st_mode & 0o077 == 0


def test_a_worker_renews_nothing_that_isnt_its_own(node: Node) -> None:
    (node.root / "etc/kubeadm-init.yaml").unlink()
    node.ends("pki/apiserver.crt", timedelta(days=1))
    node.run("renew")
    assert node.asked == ""
