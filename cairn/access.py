"""Kubeconfigs that expire: a team's by a token, the administrator's by a certificate; the state has neither."""

import base64
import re
import time
from datetime import timedelta
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes.client import ApiClient

from cairn.errors import UserError
from modules.contract.api import ApiError, get, path_of, request
from modules.contract.team import ACCOUNT

ADMINISTRATORS = "kubeadm:cluster-admins"
"""The group that kubeadm binds to cluster-admin; system:masters can't be given by a signing request."""
SIGNING = "certificates.k8s.io/v1"
SHORTEST = timedelta(minutes=10)
"""The API server gives nothing shorter."""
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """A length of time such as `30m`, `8h` or `7d`."""
    found = re.fullmatch(r"([0-9]+)([mhd])", text)
    length = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if length < SHORTEST:
        raise UserError(f"{text!r} is not a duration of ten minutes or more", fix="--duration 30m, 8h or 7d")
    return length


def team_kubeconfig(client: ApiClient, admin: str, environment: str, team: str, lasts: timedelta) -> str:
    """A kubeconfig with which a member of the team works in its namespace, by a token that expires."""
    path = path_of("v1", "serviceaccounts", ACCOUNT, team) + "/token"
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": int(lasts.total_seconds())},
    }
    token = request(client, "POST", path, body)["status"]["token"]
    return kubeconfig(admin, f"{environment}-{team}", {"token": token}, namespace=team)


def admin_kubeconfig(client: ApiClient, admin: str, environment: str, lasts: timedelta) -> str:
    """A cluster administrator's kubeconfig, by a certificate of its own that expires. For kubeadm's clusters."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "cairn-admin"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ADMINISTRATORS),
        ]
    )
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    certificate = _signed(client, asked.public_bytes(serialization.Encoding.PEM), lasts)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    user = {"client-certificate-data": certificate, "client-key-data": base64.b64encode(private).decode()}
    return kubeconfig(admin, environment, user)


def kubeconfig(admin: str, name: str, user: dict[str, str], namespace: str = "default") -> str:
    """A kubeconfig for another user of the cluster that `admin` is a kubeconfig of; its one context is `name`."""
    content = yaml.safe_load(admin)
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": _cluster(content)}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
            "current-context": name,
        },
        sort_keys=False,
    )


def _cluster(content: dict[str, Any]) -> dict[str, Any]:
    current = next(each["context"] for each in content["contexts"] if each["name"] == content["current-context"])
    return next(dict(each["cluster"]) for each in content["clusters"] if each["name"] == current["cluster"])


def _signed(client: ApiClient, asked: bytes, lasts: timedelta) -> str:
    """The certificate, base64; the request is approved by ourselves and taken away."""
    spec = {
        "request": base64.b64encode(asked).decode(),
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
        "expirationSeconds": int(lasts.total_seconds()),
    }
    body = {"apiVersion": SIGNING, "kind": "CertificateSigningRequest", "metadata": {"generateName": "cairn-"}}
    made = request(client, "POST", path_of(SIGNING, "certificatesigningrequests"), {**body, "spec": spec})
    path = path_of(SIGNING, "certificatesigningrequests", made["metadata"]["name"])
    approval = {"type": "Approved", "status": "True", "reason": "Cairn", "message": "asked for by cairn kubeconfig"}
    try:
        request(client, "PUT", f"{path}/approval", {**made, "status": {"conditions": [approval]}})
        return _until_signed(client, path)
    finally:
        request(client, "DELETE", path)


def _until_signed(client: ApiClient, path: str, seconds: float = 30) -> str:
    """Wait for the controller manager to sign."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = get(client, path)
        if found and (certificate := found["status"].get("certificate")):
            return str(certificate)
        time.sleep(0.1)
    raise ApiError(0, f"no certificate within {seconds:.0f} s: the controller manager doesn't sign")
