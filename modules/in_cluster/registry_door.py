"""The door of the registry: with a team's Kubernetes token one pushes and pulls what lies below the team's name.

Clients send the token as the password of HTTP's Basic scheme, with whichever user's name, as `docker login` makes them
do. The API server says whose it is; what is allowed goes on to UPSTREAM, the port on 127.0.0.1 at which the registry
itself listens. PORT is the door's own.
"""

import base64
import json
import os
import re
import signal
import ssl
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from urllib.request import Request, urlopen

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
REMEMBERED_SECONDS = 10
"""How long an answer of the API server counts; it remembers its own for as long."""
OF_NAMESPACE = "system:serviceaccounts:"
"""What the group of a namespace's accounts begins with; a team's namespace is called as the team."""
TARGET = re.compile(r"/v2/(?P<team>[a-z0-9-]+)(/[\w.:=-]+)+/?", re.ASCII)
"""A path below a team's name. Nothing in it is escaped, so that the registry reads it as it is read here."""
NOT_HANDED_ON = {
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    *("authorization", "expect"),
}
"""Headers that are about one connection alone, and the token, which the registry doesn't need."""
PIECE_BYTES = 256 * 1024
DRAINED_BYTES = 4 * 1024 * 1024
"""How much of a refused request's body is read, so that its client comes to read the answer."""
PAGE = 1000
"""The most repositories that the registry names at once."""


class RefusedError(Exception):
    """What a client is told instead, in the distribution specification's form of an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def token_in(authorization: str) -> str:
    """The password of HTTP's Basic scheme; empty where there is none."""
    scheme, _, given = authorization.partition(" ")
    try:
        return base64.b64decode(given).decode().partition(":")[2] if scheme.lower() == "basic" else ""
    except ValueError:
        return ""


def groups_of(token: str) -> list[str]:
    """What the API server says of a token's owner; nothing where the token doesn't hold. Raises OSError."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    request = Request(
        f"https://{host}:{port}/apis/authentication.k8s.io/v1/tokenreviews",
        json.dumps(review).encode(),
        {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": "application/json"},
    )
    with urlopen(request, context=ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt")), timeout=10) as answer:
        status = json.load(answer)["status"]
    return list(status["user"].get("groups", [])) if status.get("authenticated") else []


class Teams:
    """Whose tokens are; what the API server said is remembered for a moment."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, str]] = {}

    def of(self, token: str) -> str:
        """The team that a token is of. Raises RefusedError where it is of none, or doesn't hold."""
        now = time.monotonic()
        until, team = self._known.get(token, (now, ""))
        if token and until <= now:
            team = self._asked(token)
            held = {each: known for each, known in self._known.copy().items() if known[0] > now}
            self._known = {**held, token: (now + REMEMBERED_SECONDS, team)}
        if not team:
            raise RefusedError(
                401, "UNAUTHORIZED", "log in with any user's name, and as password a team's token that holds"
            )
        return team

    def _asked(self, token: str) -> str:
        try:
            groups = groups_of(token)
        except OSError as error:
            print(f"the API server can't be asked: {error}", flush=True)
            raise RefusedError(503, "UNAVAILABLE", "nobody can say now whose the token is: try again") from None
        return next((each.removeprefix(OF_NAMESPACE) for each in groups if each.startswith(OF_NAMESPACE)), "")


def allowed(method: str, target: str, team: str) -> str:
    """What the registry is asked for when the team asks for `target`. Raises RefusedError where it may not.

    A blob of another team's repository isn't taken over: the registry then waits for the client to send it.
    """
    path, _, query = target.partition("?")
    if path in ("/v2", "/v2/"):
        return path
    found = TARGET.fullmatch(path)
    if found is None or {".", ".."} & set(path.split("/")):
        raise RefusedError(404, "NAME_INVALID", f"there is no such path: images of the team are called {team}/NAME")
    if found["team"] != team:
        raise RefusedError(403, "DENIED", f"{found['team']}/ is not the team's: its images are called {team}/NAME")
    if method == "POST":
        given = dict(parse_qsl(query))
        own = given.get("from", "").startswith(f"{team}/")
        query = urlencode([(key, given[key]) for key in ("mount", "from") if key in given]) if own else ""
    return f"{path}?{query}"


def registry() -> HTTPConnection:
    """A connection to the registry itself."""
    return HTTPConnection("127.0.0.1", int(os.environ["UPSTREAM"]), timeout=300)


def repositories(team: str) -> list[str]:
    """The names of a team's repositories. Raises OSError."""
    found: list[str] = []
    page, last = [""] * PAGE, ""
    while len(page) == PAGE:
        connection = registry()
        connection.request("GET", f"/v2/_catalog?n={PAGE}&last={quote(last)}")
        page = json.load(connection.getresponse())["repositories"]
        connection.close()
        found += [name for name in page if name.startswith(f"{team}/")]
        last = page[-1] if page else ""
    return found


class Door(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300
    teams = Teams()

    def serve(self) -> None:
        """Answer one request."""
        try:
            try:
                self._serve()
            except RefusedError as refusal:
                self._drain()
                self._answer(refusal.status, {"errors": [{"code": refusal.code, "message": str(refusal)}]})
        except (OSError, HTTPException, ValueError) as error:
            # Client or registry are gone, or what one of them says is no HTTP.
            print(f"{self.command} {self.path.partition('?')[0]} was cut off: {error!r}", flush=True)
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - as http.server calls them

    def _serve(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/health":
            return self._hand_on("/v2/")
        team = self.teams.of(token_in(self.headers.get("Authorization", "")))
        if path == "/v2/_catalog":
            return self._answer(200, {"repositories": repositories(team)})
        return self._hand_on(allowed(self.command, self.path, team))

    def _hand_on(self, target: str) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_HANDED_ON}
        body = self._body() if self._chunked or "Content-Length" in self.headers else None
        if self.command == "POST":
            # What begins an upload has no body; a form in it would count as the query does.
            self._drain()
            headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
            body = None
        elif self._chunked:
            headers["Transfer-Encoding"] = "chunked"
        connection = registry()
        try:
            try:
                connection.request(self.command, target, body, headers, encode_chunked=self._chunked)
            except BrokenPipeError:
                # It has answered already, and reads no further.
                self.close_connection = True
            self._hand_back(connection.getresponse())
        finally:
            connection.close()

    def _hand_back(self, answer: HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in NOT_HANDED_ON:
                self.send_header(name, value)
        # Its length isn't known beforehand where it came in chunks itself.
        chunked = answer.chunked
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := answer.read(PIECE_BYTES):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked and self.command != "HEAD":
            self.wfile.write(b"0\r\n\r\n")

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="the password is the token of a team"')
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @property
    def _chunked(self) -> bool:
        return str(self.headers.get("Transfer-Encoding", "")).lower() == "chunked"

    def _body(self) -> Iterator[bytes]:
        """The request's body in pieces. Raises ConnectionError where it ends before its end."""
        if not self._chunked:
            yield from self._read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            yield from self._read(size)
            self.rfile.readline(64)
        while self.rfile.readline(8192).strip():
            pass

    def _read(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.rfile.read(min(size, PIECE_BYTES))
            if not piece:
                raise ConnectionError("the client has gone")
            size -= len(piece)
            yield piece

    def _drain(self) -> None:
        """Read the body of a request that nothing comes of, unless it is long: the connection ends then."""
        read = 0
        for piece in self._body():
            read += len(piece)
            if read > DRAINED_BYTES:
                self.close_connection = True
                return

    def log_message(self, *_: object) -> None:
        """Says nothing of what goes well."""


def main() -> None:
    """Serve until told to stop, which a process with the number 1 must heed by itself."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    ThreadingHTTPServer(("", int(os.environ["PORT"])), Door).serve_forever()


if __name__ == "__main__":
    main()
