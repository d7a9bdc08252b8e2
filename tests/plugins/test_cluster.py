"""The connection to an API server."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from plugins.kubernetes import kubeconfig
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import ApiError, UnreachableError


class Server(BaseHTTPRequestHandler):
    """Answers with what it was asked, a refusal under /refuse, and plain text under /plain."""

    protocol_version = "HTTP/1.1"
    authorizations: list[str | None] = []  # noqa: RUF012
    connections: set[object] = set()  # noqa: RUF012

    def do_GET(self) -> None:
        Server.authorizations.append(self.headers["Authorization"])
        Server.connections.add(self.client_address)
        status = 403 if self.path == "/refuse" else 200
        content = {"message": "you may not", "path": self.path}
        body = b"not json" if self.path == "/plain" else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Warning", '299 - "this is deprecated"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Server.authorizations.clear()
    Server.connections.clear()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def cluster(address: str, warnings: list[str] | None = None) -> Cluster:
    content = {
        "current-context": "a",
        "clusters": [{"name": "c", "cluster": {"server": address}}],
        "users": [{"name": "u", "user": {"token": "hush"}}],
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
    }
    seen = warnings if warnings is not None else []
    return Cluster(kubeconfig.load(yaml.safe_dump(content)), warn=seen.append)


def test_calls_carry_the_token_and_their_query(address: str) -> None:
    assert cluster(address).request("GET", "/a", {"b": "c", "left": None})["path"] == "/a?b=c"
    assert Server.authorizations == ["Bearer hush"]


def test_one_connection_serves_calls_one_after_the_other(address: str) -> None:
    connected = cluster(address)
    for _ in range(3):
        connected.request("GET", "/a")
    assert len(Server.connections) == 1


def test_a_refusal_is_the_servers_words(address: str) -> None:
    with pytest.raises(ApiError, match="you may not") as error:
        cluster(address).request("GET", "/refuse")
    assert error.value.code == 403


def test_an_answer_that_is_no_json_is_its_text(address: str) -> None:
    assert cluster(address).request("GET", "/plain") == {"message": "not json"}


def test_a_warning_is_passed_on_once(address: str) -> None:
    warnings: list[str] = []
    connected = cluster(address, warnings)
    connected.request("GET", "/a")
    connected.request("GET", "/a")
    assert warnings == ["this is deprecated"]


def test_a_server_that_is_not_there_is_named_and_the_next_call_fails_at_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    lost = cluster(address)
    with pytest.raises(UnreachableError, match=f"{address} can't be reached: .*refused") as error:
        lost.request("GET", "/a")
    assert not error.value.is_blip
    started = time.monotonic()
    with pytest.raises(UnreachableError):
        lost.request("GET", "/a")
    assert time.monotonic() - started < 0.1
