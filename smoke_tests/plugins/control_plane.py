"""A control plane on loopback, for developing the plug-ins where there is no cluster: etcd, API server, controllers.

There is no kubelet: `pretend_kubelet` writes the pods' status instead. Binaries come from the directory that
CAIRN_CONTROL_PLANE names.
"""

import base64
import datetime
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

# An image of this host can't be pulled anywhere.
NO_IMAGE = "registry.invalid/none:1"
NODE = "loopback"


@contextmanager
def control_plane(directory: Path, binaries: Path) -> Iterator[Path]:
    """Run a control plane with its data in a directory; gives the path of an admin kubeconfig."""
    client, peer, api = (_free_port() for _ in range(3))
    authority = _Authority()
    _write_key(directory / "sa.key", authority.key)
    server = authority.issue("kube-apiserver", [])
    (directory / "server.crt").write_bytes(server[0])
    (directory / "server.key").write_bytes(server[1])
    (directory / "ca.crt").write_bytes(authority.certificate)
    kubeconfig = directory / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(_kubeconfig(authority, f"https://127.0.0.1:{api}")))
    etcd_url = f"http://127.0.0.1:{client}"
    with ExitStack() as stack:
        stack.enter_context(
            _process(
                directory, "etcd", _first(binaries, "etcd", "server", "v3"), "--data-dir", str(directory / "etcd"),
                "--listen-client-urls", etcd_url, "--advertise-client-urls", etcd_url,
                "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--unsafe-no-fsync",
            )
        )  # fmt: skip
        stack.enter_context(
            _process(
                directory, "kube-apiserver", binaries / "kube-apiserver", "--etcd-servers", etcd_url,
                "--bind-address", "127.0.0.1", "--secure-port", str(api), "--authorization-mode", "RBAC",
                "--tls-cert-file", str(directory / "server.crt"), "--tls-private-key-file",
                str(directory / "server.key"), "--client-ca-file", str(directory / "ca.crt"),
                "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file",
                str(directory / "sa.key"), "--service-account-signing-key-file", str(directory / "sa.key"),
                "--service-cluster-ip-range", "10.99.0.0/16", "--disable-admission-plugins", "ServiceAccount",
            )
        )  # fmt: skip
        _wait_until_ready(kubeconfig)
        stack.enter_context(
            _process(
                directory, "kube-controller-manager", binaries / "kube-controller-manager", "--kubeconfig",
                str(kubeconfig), "--leader-elect=false", "--service-account-private-key-file",
                str(directory / "sa.key"), "--secure-port", str(_free_port()), "--bind-address", "127.0.0.1",
                "--controllers", "*,-node-lifecycle-controller",
            )
        )  # fmt: skip
        stop = threading.Event()
        thread = threading.Thread(target=_pretend_kubelet, args=(kubeconfig, stop), daemon=True)
        thread.start()
        try:
            yield kubeconfig
        finally:
            stop.set()
            thread.join(10)


def binaries() -> Path | None:
    """Where the binaries are, if anywhere."""
    value = os.environ.get("CAIRN_CONTROL_PLANE")
    return Path(value) if value else None


def _pretend_kubelet(kubeconfig: Path, stop: threading.Event) -> None:
    from kubernetes import client, config

    api = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
    api.create_node({"metadata": {"name": NODE}})
    while not stop.wait(0.2):
        try:
            for pod in api.list_pod_for_all_namespaces().items:
                _advance(api, pod)
        except Exception as error:
            if not stop.is_set():
                print(f"pretend kubelet: {error}")


def _advance(api: Any, pod: Any) -> None:
    from kubernetes.client.exceptions import ApiException

    where = (pod.metadata.name, pod.metadata.namespace)
    try:
        if pod.metadata.deletion_timestamp:
            api.delete_namespaced_pod(*where, grace_period_seconds=0)
        elif not pod.spec.node_name:
            binding = {"metadata": {"name": pod.metadata.name}, "target": {"kind": "Node", "name": NODE}}
            api.create_namespaced_binding(pod.metadata.namespace, binding, _preload_content=False)
        elif pod.status.phase == "Pending":
            api.patch_namespaced_pod_status(*where, _status(pod))
    except ApiException as error:
        if error.status not in (404, 409):
            raise


def _status(pod: Any) -> dict[str, Any]:
    container = pod.spec.containers[0]
    command = " ".join(container.command or [])
    base = {"name": container.name, "image": container.image, "imageID": "x", "restartCount": 0}
    scheduled = {"type": "PodScheduled", "status": "True"}
    if container.image == NO_IMAGE:
        waiting = {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}
        unready = {"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "not ready"}
        conditions = [scheduled, {"type": "Initialized", "status": "True"}, unready]
        return {"status": {"conditions": conditions, "containerStatuses": [{**base, "ready": False, "state": waiting}]}}
    if pod.spec.restart_policy == "Never":
        code = 1 if "exit 1" in command else 0
        ended = {"terminated": {"exitCode": code, "reason": "Completed" if code == 0 else "Error"}}
        return {
            "status": {
                "phase": "Succeeded" if code == 0 else "Failed",
                "conditions": [scheduled],
                "containerStatuses": [{**base, "ready": False, "state": ended}],
            }
        }
    ready = [{"type": name, "status": "True"} for name in ("Initialized", "ContainersReady", "Ready")]
    address = f"10.98.{hash(pod.metadata.uid) % 250}.{hash(pod.metadata.name) % 250 + 1}"
    return {
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [scheduled, *ready],
            "containerStatuses": [{**base, "ready": True, "state": {"running": {}}}],
        }
    }


class _Authority:
    """A certificate authority for one control plane."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "control-plane")])
        builder = self._builder(self._name, self.key).add_extension(x509.BasicConstraints(True, None), True)
        self.certificate = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, groups: list[str]) -> tuple[bytes, bytes]:
        """A certificate and its key, for a user with groups and for the loopback address."""
        key = rsa.generate_private_key(65537, 2048)
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        certificate = self._builder(subject, key).add_extension(names, False).sign(self.key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)

    def _builder(self, subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )


def _kubeconfig(authority: _Authority, server: str) -> dict[str, Any]:
    certificate, key = authority.issue("admin", ["system:masters"])

    def encode(data: bytes) -> str:
        return base64.b64encode(data).decode()

    cluster = {"server": server, "certificate-authority-data": encode(authority.certificate)}
    user = {"client-certificate-data": encode(certificate), "client-key-data": encode(key)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "loopback",
        "clusters": [{"name": "loopback", "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": "loopback", "context": {"cluster": "loopback", "user": "admin"}}],
    }


@contextmanager
def _process(directory: Path, name: str, *command: str | Path) -> Iterator[None]:
    with (directory / f"{name}.log").open("w") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=directory)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(kubeconfig: Path) -> None:
    from kubernetes import client, config

    api = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
    end = time.monotonic() + 60
    while True:
        try:
            api.read_namespace("kube-system")
            return
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first(binaries: Path, *names: str) -> Path:
    found = next((path for name in names if (path := shutil.which(name, path=str(binaries)))), None)
    if found is None:
        raise FileNotFoundError(f"none of {', '.join(names)} is in {binaries}")
    return Path(found)


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    path.write_bytes(_pem(key))
    path.chmod(0o600)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def main() -> None:
    """Run a control plane until interrupted: `python -m smoke_tests.plugins.control_plane DIRECTORY BINARIES`."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with control_plane(directory, Path(sys.argv[2])) as kubeconfig:
        print(json.dumps({"kubeconfig": str(kubeconfig)}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
