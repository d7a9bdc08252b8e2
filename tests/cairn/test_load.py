import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import load

SLOW_SECONDS = 0.05


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(SLOW_SECONDS)
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *words: object) -> None:
        del words


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def target(port: int, path: str) -> dict[str, object]:
    return {"address": "127.0.0.1", "port": port, "host": "x.test", "path": path}


def test_latencies_are_those_of_the_server_and_all_requests_are_counted(port: int) -> None:
    seen = load.at_rate(target(port, "/slow"), 20, 1, 4)
    assert (seen["requests"], seen["failed"]) == (20, 0)
    assert SLOW_SECONDS * 1000 <= seen["p50_ms"] <= seen["p99_ms"]


def test_waiting_for_a_server_that_cannot_keep_up_counts_as_latency(port: int) -> None:
    # One connection does 20 a second at most, and 40 are due in half a second.
    seen = load.at_rate(target(port, "/slow"), 80, 0.5, 1)
    assert seen["p99_ms"] >= 1000 * (40 * SLOW_SECONDS - 0.5) * 0.9


def test_failures_are_counted_and_no_part_of_the_latencies(port: int) -> None:
    assert load.at_rate(target(port, "/broken"), 20, 0.5, 2) == {"requests": 10, "failed": 10}
    assert load.at_rate(target(1, "/"), 20, 0.5, 2)["failed"] == 10


def test_throughput_is_what_the_connections_get(port: int) -> None:
    seen = load.at_most(target(port, "/slow"), 1, 2)
    assert 0 < seen["per_second"] <= 2 / SLOW_SECONDS
    assert seen["failed"] == 0


def test_it_runs_by_itself_with_nothing_but_the_standard_library(port: int) -> None:
    task = {"rate": 20, "seconds": 0.3, "rounds": 2, "connections": 2, "targets": {"bare": target(port, "/")}}
    command = [sys.executable, "-I", "-S", load.__file__]
    done = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.removeprefix("RESULT "))
    assert len(found["bare"]) == 2
    assert all(each["failed"] == 0 and each["per_second"] > 0 for each in found["bare"])
