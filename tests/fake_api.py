"""An API server of a few lines: it gives back the objects that a test put under their paths."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml


class FakeApi:
    """`objects` maps paths to what GET answers and PUT changes; `refusals` to the status and message of any call."""

    def __init__(self, port: int) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.refusals: dict[str, tuple[int, str]] = {}
        self.held: set[str] = set()
        """Paths of objects that a finalizer keeps when they are deleted."""
        self.made: list[dict[str, Any]] = []
        """What was sent by POST."""
        self.calls: list[tuple[str, str]] = []
        self.kubeconfig = yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "fake", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                "users": [{"name": "admin", "user": {"token": "secret-token"}}],
                "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "admin"}}],
                "current-context": "fake",
            }
        )

    def answer(self, method: str, path: str) -> tuple[int, dict[str, Any]]:
        self.calls.append((method, path))
        path = path.partition("?")[0]
        if path in self.refusals:
            status, message = self.refusals[path]
            return status, {"kind": "Status", "message": message}
        if method == "POST":
            return 201, {}
        if method == "DELETE" and path in self.objects and path not in self.held:
            return 200, self.objects.pop(path)
        if path in self.objects:
            return 200, self.objects[path]
        return 404, {"kind": "Status", "message": f"{path} not found"}


@contextmanager
def fake_api() -> Iterator[FakeApi]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply("GET")

        def do_POST(self) -> None:
            api.made.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._reply("POST")

        def do_DELETE(self) -> None:
            self._reply("DELETE")

        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path in api.objects and self.path not in api.refusals:
                api.objects[self.path] = body
            self._reply("PUT")

        def _reply(self, method: str) -> None:
            status, content = api.answer(method, self.path)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = FakeApi(server.server_port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
