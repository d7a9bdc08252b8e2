"""The registry's door: who is let through, to what, and that what goes through stays as it is."""

import base64
import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from catalog.build import binary
from catalog.registry import serving
from modules.in_cluster import registry_door
from modules.in_cluster.registry_door import RefusedError, Teams, allowed, token_in

GROUPS = {
    "red": ["system:serviceaccounts", "system:serviceaccounts:red", "system:authenticated"],
    "blue": ["system:serviceaccounts", "system:serviceaccounts:blue", "system:authenticated"],
    "person": ["system:authenticated"],
}
BLOB = b"what team red has pushed"
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


class Seen(NamedTuple):
    """What came to the registry."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Stub(BaseHTTPRequestHandler):
    """A registry that notes what comes and answers in two chunks, or with a length where a body is long."""

    protocol_version = "HTTP/1.1"
    seen: list[Seen]

    def serve(self) -> None:
        body = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append(Seen(self.command, self.path, dict(self.headers.items()), body))
        names = ["blue/own", "red/one", "red/two", "redder/own"]
        said = json.dumps({"repositories": names}).encode() if "_catalog" in self.path else b"the answer"
        self.send_response(202 if self.command in ("POST", "PATCH") else 200)
        self.send_header("Location", "/v2/red/one/blobs/uploads/1?_state=x%3D")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command != "HEAD":
            for piece in (said[:5], said[5:]):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Registry:
    """The door with a registry behind it; what came to that is `seen`, if it is the stub."""

    def __init__(self, port: int, seen: list[Seen]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.seen = seen

    def ask(
        self, method: str, path: str, token: str = "red", body: Any = None, **headers: str
    ) -> tuple[int, str, http.client.HTTPMessage]:
        given = {"Authorization": basic(token)} if token else {}
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, {**given, **told}, encode_chunked="Transfer-Encoding" in told)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers


def basic(token: str, user: str = "anybody") -> str:
    return f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> type[registry_door.Door]:
    """The door, of an API server that knows a few tokens."""
    monkeypatch.setattr(registry_door, "groups_of", lambda token: GROUPS.get(token, []))
    monkeypatch.setattr(registry_door.Door, "teams", Teams())
    return registry_door.Door


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, door: type[registry_door.Door]) -> Iterator[Registry]:
    seen: list[Seen] = []
    with running(type("Stub", (Stub,), {"seen": seen})) as upstream, running(door) as port:
        monkeypatch.setenv("UPSTREAM", str(upstream))
        yield Registry(port, seen)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, door: type[registry_door.Door], tmp_path: Path) -> Iterator[Registry]:
    """The same with distribution's registry, in which team red has the blob `BLOB`."""
    with serving(binary("registry"), tmp_path, root=tmp_path / "data") as address, running(door) as port:
        monkeypatch.setenv("UPSTREAM", address.rpartition(":")[2])
        made = Registry(port, [])
        _, _, headers = made.ask("POST", "/v2/red/one/blobs/uploads/")
        pieces = iter([BLOB[:5], BLOB[5:]])
        _, _, headers = made.ask("PATCH", headers["Location"], body=pieces, **{"Transfer_Encoding": "chunked"})
        assert made.ask("PUT", f"{headers['Location']}&digest={DIGEST}")[0] == 201
        yield made


@pytest.mark.parametrize("token", ["", "ended", "person"])
def test_who_is_of_no_team_is_asked_to_log_in(registry: Registry, token: str) -> None:
    status, said, headers = registry.ask("GET", "/v2/", token)
    assert (status, json.loads(said)["errors"][0]["code"]) == (401, "UNAUTHORIZED")
    assert headers["WWW-Authenticate"].startswith("Basic realm=")
    assert registry.seen == []


def test_a_token_opens_what_lies_below_the_teams_name_and_goes_no_further_itself(registry: Registry) -> None:
    assert registry.ask("GET", "/v2/red/one/manifests/1")[:2] == (200, "the answer")
    [seen] = registry.seen
    assert seen[:2] == ("GET", "/v2/red/one/manifests/1?")
    assert "Authorization" not in seen.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_another_teams_repository_is_denied_whatever_is_asked_of_it(registry: Registry, method: str) -> None:
    status, said, _ = registry.ask(method, "/v2/blue/one/blobs/uploads/", body=b"x" * 100_000)
    assert status == 403
    assert method == "HEAD" or json.loads(said)["errors"][0]["code"] == "DENIED"
    # What was sent with it is not taken for the next request.
    assert registry.ask("GET", "/v2/")[0] == 200
    assert [seen.path for seen in registry.seen] == ["/v2/"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/red",
        "/v2/red/",
        "/v2/red/../blue/one/manifests/1",
        "/v2/red/./one/manifests/1",
        "/v2/red//one/manifests/1",
        "/v2/red/%2e%2e/blue/one/manifests/1",
        "/v2/red%2fone/manifests/1",
        "/v1/search",
        "/",
    ],
)
def test_what_is_no_plain_path_below_a_team_is_not_handed_on(path: str) -> None:
    with pytest.raises(RefusedError) as refused:
        allowed("GET", path, "red")
    assert (refused.value.status, refused.value.code) == (404, "NAME_INVALID")


def test_a_team_that_anothers_name_begins_with_is_another() -> None:
    with pytest.raises(RefusedError, match="redder/ is not the team's"):
        allowed("GET", "/v2/redder/one/manifests/1", "red")


@pytest.mark.parametrize(
    ("query", "handed_on"),
    [
        (f"mount={DIGEST}&from=red/two", f"mount={DIGEST.replace(':', '%3A')}&from=red%2Ftwo"),
        (f"mount={DIGEST}&from=blue/own", ""),
        (f"mount={DIGEST}&from=redder/own", ""),
        (f"from=blue/own&mount={DIGEST}&from=red/two", f"mount={DIGEST.replace(':', '%3A')}&from=red%2Ftwo"),
        (f"mount={DIGEST}", ""),
        (f"digest={DIGEST}", ""),
        ("", ""),
    ],
)
def test_a_blob_is_taken_over_from_the_teams_own_repositories_alone(query: str, handed_on: str) -> None:
    assert allowed("POST", f"/v2/red/one/blobs/uploads/?{query}", "red") == f"/v2/red/one/blobs/uploads/?{handed_on}"


def test_a_form_in_the_body_takes_no_blob_over_either(registry: Registry) -> None:
    taking = f"mount={DIGEST}&from=blue/own".encode()
    status, _, headers = registry.ask("POST", "/v2/red/one/blobs/uploads/", body=taking, **FORM)
    # Where the upload goes on is the registry's to say.
    assert (status, headers["Location"]) == (202, "/v2/red/one/blobs/uploads/1?_state=x%3D")
    [seen] = registry.seen
    assert seen.body == b""
    assert "form" not in str(seen.headers)


def test_a_real_registry_gives_a_blob_to_its_own_team_and_asks_another_to_send_it(real: Registry) -> None:
    taking = f"mount={DIGEST}&from=red/one"
    uploads = "/v2/{}/two/blobs/uploads/"
    assert real.ask("POST", f"{uploads.format('red')}?{taking}")[0] == 201
    assert real.ask("POST", f"{uploads.format('blue')}?{taking}", "blue")[0] == 202
    assert real.ask("POST", uploads.format("blue"), "blue", taking.encode(), **FORM)[0] == 202
    assert real.ask("GET", f"/v2/red/two/blobs/{DIGEST}")[:2] == (200, BLOB.decode())
    status, said, _ = real.ask("GET", f"/v2/blue/two/blobs/{DIGEST}", "blue")
    assert (status, json.loads(said)["errors"][0]["code"]) == (404, "BLOB_UNKNOWN")


def test_what_a_real_registry_says_is_handed_back(real: Registry) -> None:
    status, said, _ = real.ask("GET", "/v2/red/nothing/manifests/1")
    assert (status, json.loads(said)["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")
    assert real.ask("GET", "/v2/")[:2] == (200, "{}")


@pytest.mark.parametrize("length", [0, 3, 3_000_000])
def test_a_blob_arrives_as_it_was_sent_in_chunks_or_with_its_length(registry: Registry, length: int) -> None:
    blob = b"\r\n0" * (length // 3)
    assert registry.ask("PUT", "/v2/red/one/blobs/uploads/1?_state=x%3D&digest=y", body=blob)[0] == 200
    pieces = iter([blob[:100], blob[100:]] if blob else [])
    assert (
        registry.ask("PATCH", "/v2/red/one/blobs/uploads/1", body=pieces, **{"Transfer_Encoding": "chunked"})[0] == 202
    )
    assert [seen.body for seen in registry.seen] == [blob, blob]
    assert registry.seen[0].path == "/v2/red/one/blobs/uploads/1?_state=x%3D&digest=y"


def test_a_team_is_shown_its_own_repositories_alone(registry: Registry) -> None:
    _, said, _ = registry.ask("GET", "/v2/_catalog?n=1")
    assert json.loads(said) == {"repositories": ["red/one", "red/two"]}


def test_a_head_has_no_body_and_the_connection_goes_on(registry: Registry) -> None:
    for _ in range(2):
        assert registry.ask("HEAD", "/v2/red/one/manifests/1")[:2] == (200, "")


@pytest.mark.parametrize("authorization", ["", "Bearer red", "Basic", "Basic ???", "Basic cmVk", basic("")])
def test_only_a_password_of_the_basic_scheme_is_a_token(authorization: str) -> None:
    assert token_in(authorization) == ""


def test_any_users_name_will_do() -> None:
    assert {token_in(basic("red", user)) for user in ("", "red", "somebody")} == {"red"}


def test_the_api_server_is_asked_again_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked = [1000.0], []

    def groups_of(token: str) -> list[str]:
        asked.append(token)
        return GROUPS["red"] if len(asked) == 1 else []

    monkeypatch.setattr(registry_door, "groups_of", groups_of)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    teams = Teams()
    assert [teams.of("token") for _ in range(3)] == ["red"] * 3
    now[0] += registry_door.REMEMBERED_SECONDS
    # It was withdrawn meanwhile.
    for _ in range(2):
        with pytest.raises(RefusedError, match="a team's token that holds"):
            teams.of("token")
    assert asked == ["token", "token"]


def test_while_the_api_server_is_away_nobody_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> list[str]:
        raise ConnectionRefusedError("no route")

    monkeypatch.setattr(registry_door, "groups_of", away)
    with pytest.raises(RefusedError) as refused:
        Teams().of("token")
    assert refused.value.status == 503
