"""Upstream's hosts on this machine: one server on 127.0.0.1:443, with a certificate for all of their names.

Run in namespaces of its own, with the directory that a `Rehearsal` has filled; serves until standard input ends:
`unshare --net --mount python -m smoke_tests.lifecycle.upstream_servers DIRECTORY`.
"""

import http.server
import os
import shutil
import ssl
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from catalog import places, registry
from catalog.build import tool
from catalog.supply import API_HOSTS, Supply
from hosts.local.command import run
from smoke_tests.lifecycle.upstream_site import SENT_ON

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
NAMES = {api: host for host, api in API_HOSTS.items()} | {other: host for (host, _), other in SENT_ON.items()}
"""Under which host's name the site has what another one serves."""


def move_in(work: Path, forwarding: str) -> None:
    """Makes the namespaces a machine: upstream's names lead to loopback, /sys shows these links, and there is no Go.

    Control groups, kernel settings and /run stay the machine's, as every environment's on it are.
    """
    run("mount", "--bind", work / "hosts", "/etc/hosts")
    groups = work / "cgroup"
    groups.mkdir()
    run("mount", "--rbind", "/sys/fs/cgroup", groups)
    run("umount", "--recursive", "--lazy", "/sys")
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    run("mount", "--move", groups, "/sys/fs/cgroup")
    run(tool("ip"), "link", "set", "lo", "up")
    # What the first environment on a machine finds here, the last one puts back.
    FORWARDING.write_text(forwarding)
    for folder in os.environ["PATH"].split(os.pathsep):
        if (go := Path(folder, "go")).is_file():
            run("mount", "--bind", "/dev/null", go)


class Handler(http.server.BaseHTTPRequestHandler):
    """Files by host and path, and registries out of the store of one."""

    protocol_version = "HTTP/1.1"
    root: Path
    store: str
    """The address of the registry that has all repositories, each below its host's name."""

    def do_GET(self) -> None:
        asked = (self.headers["Host"] or "").partition(":")[0]
        host = NAMES.get(asked, asked)
        if f"{self.path}/".startswith("/v2/"):
            self._from_store(host)
            return
        file = self.root / host / self.path.lstrip("/")
        if not file.is_file():
            self._answer(404, {"Content-Length": "0"}, None)
            return
        for (page, part), other in SENT_ON.items():
            if page == asked and part in self.path:
                self._answer(302, {"Location": f"https://{other}{self.path}", "Content-Length": "0"}, None)
                return
        with file.open("rb") as content:
            self._answer(200, {"Content-Length": str(file.stat().st_size)}, content)

    do_HEAD = do_GET  # noqa: N815

    def _from_store(self, host: str) -> None:
        path = self.path.removeprefix("/v2").lstrip("/")
        place = f"http://{self.store}/v2/{f'{host}/{path}' if path else ''}"
        asked = urllib.request.Request(place, method=self.command)
        for header in ("Accept", "Range"):
            for value in self.headers.get_all(header) or []:
                asked.add_header(header, value)
        try:
            answer: Any = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked)
        except HTTPError as error:
            answer = error
        with answer:
            kept = {key: value for key, value in answer.headers.items() if key != "Connection"}
            self._answer(answer.status, kept, answer)

    def _answer(self, status: int, headers: dict[str, str], content: Any) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if content is not None and self.command == "GET":
            try:
                shutil.copyfileobj(content, self.wfile, 2**20)
            except OSError:
                # Who asks whether a file is there leaves before its end.
                self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(root: Path, certificate: Path, store: str) -> Iterator[None]:
    """Answers for all hosts while the block runs: files below `root`, and registries out of the one at `store`."""
    handler = type("Handler", (Handler,), {"root": root, "store": store})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def main(work: Path, forwarding: str) -> None:
    """Moves in, serves, says so, and goes on until standard input ends."""
    server = places.binary("registry", Supply.SOURCE)
    move_in(work, forwarding)
    with (
        registry.serving(server, work / "run", read_only=True, root=work / "store") as store,
        served(work / "site", work / "server.pem", store),
    ):
        print("serving", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
