"""Grants against an API server of a few lines that keeps objects, signs what is asked, and caps what is too long."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from cairn import grants
from cairn.app import app
from modules.contract.api import ApiError, Object
from profiles.load import load
from tests.cairn.test_access import ADMIN

NOW = datetime.now(UTC).replace(microsecond=0)
CAP = timedelta(hours=2)


class Server:
    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.uid = 0
        self.fails: str = ""

    def request(self, _client: Any, method: str, path: str, body: Object | None = None, **_: object) -> Object:
        if self.fails and self.fails in path:
            raise ApiError(500, "broken")
        path, query = urlsplit(path).path, urlsplit(path).query
        if path.endswith("/token"):
            assert body
            lasts = min(timedelta(seconds=body["spec"]["expirationSeconds"]), CAP)
            bound = body["spec"]["boundObjectRef"]
            return {"status": {"token": json.dumps(bound), "expirationTimestamp": (NOW + lasts).isoformat()}}
        if method == "POST":
            assert body
            name = body["metadata"].get("name") or "generated"
            self.uid += 1
            made = {**body, "metadata": {**body["metadata"], "name": name, "uid": str(self.uid)}}
            if body["kind"] == "CertificateSigningRequest":
                made["status"] = {"certificate": sign(body["spec"])}
            self.objects[f"{path}/{name}"] = made
            return made
        if method == "PUT":
            assert body
            if not path.endswith("/approval"):
                self.objects[path] = body
            return body
        if method == "DELETE":
            return self.objects.pop(path)
        if path in self.objects:
            return self.objects[path]
        below = [each for at, each in self.objects.items() if at.rpartition("/")[0] == path]
        label = query.partition("=")[2]
        return {"items": [each for each in below if label in each["metadata"].get("labels", {})]}


def sign(spec: Object) -> str:
    asked = x509.load_pem_x509_csr(base64.b64decode(spec["request"]))
    issuer = ec.generate_private_key(ec.SECP256R1())
    lasts = min(timedelta(seconds=spec["expirationSeconds"]), CAP)
    made = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(asked.subject)
        .public_key(asked.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + lasts)
        .sign(issuer, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr(grants, "request", server.request)
    monkeypatch.setattr(grants, "get", lambda client, path: server.request(client, "GET", path))
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "member", "labels": {"a": "b"}}}
    for team in ("team-a", "team-b"):
        server.request(None, "POST", f"/api/v1/namespaces/{team}/serviceaccounts", account)
    return server


def team(lasts: timedelta = timedelta(hours=1), name: str = "team-a") -> tuple[grants.Grant, str]:
    return grants.to_team(None, ADMIN, "dev", name, lasts)


def administrator(lasts: timedelta = timedelta(hours=1)) -> tuple[grants.Grant, str]:
    return grants.to_administrator(None, ADMIN, "dev", lasts)


def test_a_teams_token_is_bound_to_a_secret_that_says_when_it_ends(server: Server) -> None:
    grant, text = team()
    secret = server.objects[grant.path]
    bound = json.loads(yaml.safe_load(text)["users"][0]["user"]["token"])
    assert (bound["kind"], bound["name"], bound["uid"]) == ("Secret", grant.name, secret["metadata"]["uid"])
    assert grants.granted(None, ["team-a"]) == [grant]
    assert grant.until == NOW + timedelta(hours=1)


def test_what_the_cluster_gave_is_what_counts(server: Server) -> None:
    assert team(timedelta(days=30))[0].until == NOW + CAP
    assert administrator(timedelta(days=30))[0].until == NOW + CAP


def test_an_administrators_certificate_has_no_rights_but_by_its_binding(server: Server) -> None:
    grant, text = administrator()
    data = yaml.safe_load(text)["users"][0]["user"]["client-certificate-data"]
    subject = x509.load_pem_x509_certificate(base64.b64decode(data)).subject
    assert subject.rfc4514_string() == f"CN={grant.name}"
    binding = server.objects[grant.path]
    assert binding["subjects"] == [{"apiGroup": grants.RBAC, "kind": "User", "name": grant.name}]
    assert binding["roleRef"]["name"] == "cluster-admin"
    assert not [path for path in server.objects if "signingrequests" in path]


def test_a_withdrawn_grant_takes_what_it_stood_on_and_nothing_of_another(server: Server) -> None:
    first, second, third = team()[0], team()[0], administrator()[0]
    grants.withdraw(None, first)
    assert grants.granted(None, ["team-a"]) == [third, second]


def test_what_has_ended_is_cleared_away_by_the_next_grant(server: Server) -> None:
    old = team(timedelta(hours=-1))[0]
    new = team()[0]
    assert old.path not in server.objects and new.path in server.objects


def test_a_grant_that_fails_leaves_no_secret(server: Server) -> None:
    server.fails = "/token"
    with pytest.raises(ApiError):
        team()
    assert not [path for path in server.objects if "/secrets/" in path]


def test_an_account_made_anew_is_another_one_of_the_same_kind(server: Server) -> None:
    path = "/api/v1/namespaces/team-a/serviceaccounts/member"
    before = server.objects[path]
    grants.renew_account(None, "team-a")
    after = server.objects[path]
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["metadata"]["labels"] == {"a": "b"}


@pytest.fixture
def opened(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    class Opened:
        name = "dev"

    class Reached:
        client = None
        kubeconfig = ADMIN
        profile = load("laptop")
        profile_name = "laptop"

    monkeypatch.setattr("cairn.opening.open_environment", lambda name: Opened())
    monkeypatch.setattr("cairn.cluster.reach", lambda environment: Reached())
    return server


def cairn(*words: str) -> str:
    done = CliRunner().invoke(app, [*words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_kubeconfig_for_programs_says_when_it_ends_and_what_withdraws_it(opened: Server) -> None:
    shown = json.loads(cairn("kubeconfig", "--team", "team-a", "--duration", "8h", "--json"))
    assert shown["expires"] == (NOW + CAP).isoformat()
    cairn("access", "withdraw", shown["name"])
    assert json.loads(cairn("access", "list", "--json")) == []


def test_a_team_is_withdrawn_with_its_account_and_the_other_team_stays(opened: Server) -> None:
    for name in ("team-a", "team-b"):
        cairn("kubeconfig", "--team", name)
    cairn("kubeconfig")
    account = opened.objects["/api/v1/namespaces/team-a/serviceaccounts/member"]["metadata"]["uid"]
    cairn("access", "withdraw", "--team", "team-a")
    assert [each["team"] for each in json.loads(cairn("access", "list", "--json"))] == ["", "team-b"]
    assert opened.objects["/api/v1/namespaces/team-a/serviceaccounts/member"]["metadata"]["uid"] != account


def test_a_name_that_nothing_has_is_refused_with_those_there_are(opened: Server) -> None:
    cairn("kubeconfig")
    done = CliRunner().invoke(app, ["access", "withdraw", "nobody"])
    assert "cairn-admin-" in str(done.exception)
