"""What people were given to reach a cluster: each grant ends by itself, is listed, and can be withdrawn before.

A team's is a token that holds for as long as a Secret in the team's namespace does. An administrator's is a
certificate, which nobody can take back; so it carries a name alone, and a binding of that name to cluster-admin gives
it its rights. Secret and binding go, and with them what the token or the certificate was good for. Pulumi's state has
none of it.
"""

import base64
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes.client import ApiClient

from cairn.access import kubeconfig
from modules.contract.api import ApiError, Object, get, path_of, request
from modules.contract.team import ACCOUNT

LABEL = "cairn/access"
"""Marks what a grant stands on; its value is the team, or ADMINISTRATOR."""
UNTIL = "cairn/until"
"""The annotation that says when the grant ends by itself."""
ADMINISTRATOR = "administrator"
RBAC = "rbac.authorization.k8s.io"
BINDINGS = path_of(f"{RBAC}/v1", "clusterrolebindings")
SIGNING = "certificates.k8s.io/v1"


@dataclass(frozen=True)
class Grant:
    """One kubeconfig that was handed out, by the name that withdraws it; `team` is empty for an administrator's."""

    name: str
    team: str
    until: datetime

    @property
    def path(self) -> str:
        """The object that it stands on."""
        return path_of("v1", "secrets", self.name, self.team) if self.team else f"{BINDINGS}/{self.name}"


def to_team(client: ApiClient, admin: str, environment: str, team: str, lasts: timedelta) -> tuple[Grant, str]:
    """A grant and its kubeconfig, with which a member of the team works in its namespace."""
    _tidy(client, [team])
    name = f"{ACCOUNT}-{secrets.token_hex(3)}"
    metadata = {"name": name, "namespace": team, "labels": {LABEL: team}}
    secret = {"apiVersion": "v1", "kind": "Secret", "type": LABEL, "metadata": metadata}
    made = request(client, "POST", path_of("v1", "secrets", namespace=team), secret)
    path = path_of("v1", "secrets", name, team)
    try:
        token = _token(client, made, lasts)
        until = datetime.fromisoformat(token["expirationTimestamp"])
        made["metadata"]["annotations"] = {UNTIL: until.isoformat()}
        request(client, "PUT", path, made)
    except ApiError:
        request(client, "DELETE", path)
        raise
    text = kubeconfig(admin, f"{environment}-{team}", {"token": token["token"]}, namespace=team)
    return Grant(name, team, until), text


def _token(client: ApiClient, secret: Object, lasts: timedelta) -> Object:
    """What the API server gives: the token and when it ends."""
    identity = {"name": secret["metadata"]["name"], "uid": secret["metadata"]["uid"]}
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "expirationSeconds": int(lasts.total_seconds()),
            "boundObjectRef": {"apiVersion": "v1", "kind": "Secret", **identity},
        },
    }
    account = path_of("v1", "serviceaccounts", ACCOUNT, secret["metadata"]["namespace"])
    status: Object = request(client, "POST", f"{account}/token", body)["status"]
    return status


def to_administrator(client: ApiClient, admin: str, environment: str, lasts: timedelta) -> tuple[Grant, str]:
    """A grant and its kubeconfig for the whole cluster. For kubeadm's clusters, which sign what they approve."""
    _tidy(client, [])
    name = f"cairn-admin-{secrets.token_hex(3)}"
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    certificate = _signed(client, asked.public_bytes(serialization.Encoding.PEM), lasts)
    until = x509.load_pem_x509_certificate(base64.b64decode(certificate)).not_valid_after_utc
    labels, annotations = {LABEL: ADMINISTRATOR}, {UNTIL: until.isoformat()}
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": name}],
    }
    request(client, "POST", BINDINGS, binding)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    user = {"client-certificate-data": certificate, "client-key-data": base64.b64encode(private).decode()}
    return Grant(name, "", until), kubeconfig(admin, environment, user)


def granted(client: ApiClient, teams: Iterable[str]) -> list[Grant]:
    """What was handed out and has not ended: administrators' first, then each team's."""
    places = {"": BINDINGS} | {team: path_of("v1", "secrets", namespace=team) for team in teams}
    found = []
    for team, place in places.items():
        listed = get(client, f"{place}?labelSelector={LABEL}") or {"items": []}
        found += [grant for each in listed["items"] if (grant := _grant(each, team))]
    return found


def _grant(made: Object, team: str) -> Grant | None:
    """The grant that an object stands for; None for one that was cut off before it was given."""
    until = (made["metadata"].get("annotations") or {}).get(UNTIL)
    return Grant(made["metadata"]["name"], team, datetime.fromisoformat(until)) if until else None


def withdraw(client: ApiClient, grant: Grant) -> None:
    """Take the grant back: the API server refuses it from now on (a token within ten seconds, its own memory)."""
    request(client, "DELETE", grant.path)


def renew_account(client: ApiClient, team: str) -> None:
    """Make the team's account anew: no token of it holds any more, whoever made it."""
    path = path_of("v1", "serviceaccounts", ACCOUNT, team)
    account = request(client, "GET", path)
    kept = {key: account["metadata"][key] for key in ("labels", "annotations") if key in account["metadata"]}
    fresh = {key: value for key, value in account.items() if key not in ("metadata", "secrets")}
    request(client, "DELETE", path)
    metadata = {"name": ACCOUNT, "namespace": team, **kept}
    request(client, "POST", path_of("v1", "serviceaccounts", namespace=team), {**fresh, "metadata": metadata})


def _tidy(client: ApiClient, teams: Iterable[str]) -> None:
    """Take away what grants stood on that have ended."""
    for grant in granted(client, teams):
        if grant.until < datetime.now(UTC):
            withdraw(client, grant)


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
