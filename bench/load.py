"""A load generator of the standard library alone, so that any Python image can run it: `python load.py < task.json`.

The task names targets and how to load them; the answer on stdout says for each what its clients saw. Latencies count
from when a request was due, not from when a late client got to send it.
"""

import http.client
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any


def connect(target: dict[str, Any]) -> http.client.HTTPConnection:
    """A connection to `address`:`port` that speaks as if to `host`; TLS is verified against `authority`, if given."""
    if not target.get("authority"):
        return http.client.HTTPConnection(target["address"], target["port"], timeout=30)
    trusted = ssl.create_default_context(cadata=target["authority"])
    connection = http.client.HTTPSConnection(target["host"], target["port"], timeout=30, context=trusted)
    plain = socket.create_connection((target["address"], target["port"]), timeout=30)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sock = trusted.wrap_socket(plain, server_hostname=target["host"])
    return connection


class Client:
    """One connection, made again after an error."""

    def __init__(self, target: dict[str, Any]) -> None:
        self._target = target
        self._connection: http.client.HTTPConnection | None = None

    def ask(self) -> bool:
        """Send the target's request; whether the answer was a good one."""
        target = self._target
        headers = {"Host": target["host"], **target.get("headers", {})}
        body = target.get("body")
        try:
            self._connection = self._connection or connect(target)
            self._connection.request("POST" if body else "GET", target["path"], body=body, headers=headers)
            answer = self._connection.getresponse()
            answer.read()
            return 200 <= answer.status < 300
        except (OSError, http.client.HTTPException):
            self._connection = None
            return False


def run(clients: list[Client], work: Callable[[Client], None]) -> float:
    """Let each client work in a thread of its own; the seconds until all are done."""
    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


def at_rate(target: dict[str, Any], rate: float, seconds: float, connections: int) -> dict[str, float]:
    """Milliseconds that half, and 99 of 100, requests took at most, when `rate` of them are due each second."""
    due = iter([number / rate for number in range(int(rate * seconds))])
    turn, start = threading.Lock(), time.monotonic() + 0.2
    took: list[float] = []
    failed: list[float] = []

    def work(client: Client) -> None:
        while True:
            with turn:
                at = next(due, None)
            if at is None:
                return
            time.sleep(max(0.0, start + at - time.monotonic()))
            good = client.ask()
            (took if good else failed).append(time.monotonic() - start - at)

    run([Client(target) for _ in range(connections)], work)
    took.sort()
    share = {"p50_ms": 0.5, "p99_ms": 0.99} if took else {}
    found = {name: round(took[int(part * (len(took) - 1))] * 1000, 2) for name, part in share.items()}
    return {**found, "requests": len(took) + len(failed), "failed": len(failed)}


def at_most(target: dict[str, Any], seconds: float, connections: int) -> dict[str, float]:
    """Good answers per second, when each client asks again as soon as it has one."""
    counts: list[int] = []
    failures: list[int] = []
    end = time.monotonic() + seconds

    def work(client: Client) -> None:
        answers = [client.ask() for _ in iter(lambda: time.monotonic() < end, False)]
        counts.append(sum(answers))
        failures.append(len(answers) - sum(answers))

    passed = run([Client(target) for _ in range(connections)], work)
    return {"per_second": round(sum(counts) / passed, 1), "failed": sum(failures)}


def perform(task: dict[str, Any]) -> dict[str, list[dict[str, float]]]:
    """Load the targets in turn, `rounds` times, so that a busy moment hits them alike; each round's findings."""
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in task["targets"]}
    for target in task["targets"].values():
        at_most(target, 1, 2)  # connections, caches and lazy imports of the server
    for _ in range(task["rounds"]):
        for name, target in task["targets"].items():
            steady = at_rate(target, task["rate"], task["seconds"], task["connections"])
            most = at_most(target, task["seconds"], task["connections"])
            most["failed"] += steady["failed"]
            seen[name].append({**steady, **most})
    return seen


if __name__ == "__main__":
    print("RESULT " + json.dumps(perform(json.load(sys.stdin))))
