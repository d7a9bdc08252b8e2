"""What stands between a client and a server costs how much: the same server bare and by the entry point, in one run.

A pod on the cluster is the client of both, so neither has a shorter way.
"""

import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kubernetes.client import ApiClient, CoreV1Api

from bench import load
from modules.contract.api import Object, path_of, request
from modules.contract.lock import lock

NAME = "load"
RESULT = "RESULT "
START_SECONDS = 120
POLL_SECONDS = 1


@dataclass(frozen=True)
class Target:
    """Where requests go, and as what; with `authority`, the text of a certificate, over TLS that is verified."""

    address: str
    port: int
    host: str
    path: str = "/"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    authority: str = ""


@dataclass(frozen=True)
class Served:
    """What clients of a target saw: medians of the rounds, but `failed` is the sum."""

    p50_ms: float
    p99_ms: float
    per_second: float
    failed: int


def measure(
    client: ApiClient,
    namespace: str,
    targets: Mapping[str, Target],
    *,
    rate: float = 50,
    seconds: float = 10,
    rounds: int = 3,
    connections: int = 8,
) -> dict[str, Served]:
    """Load each target in turn at `rate` requests a second and then at what it takes, from a pod in `namespace`.

    Raises AssertionError, with what the pod said, if that fails.
    """
    task = {"rate": rate, "seconds": seconds, "rounds": rounds, "connections": connections}
    whole = json.dumps({**task, "targets": {name: asdict(target) for name, target in targets.items()}})
    path = path_of("v1", "pods", namespace=namespace)
    request(client, "POST", path, _pod(namespace, whole))
    try:
        phase = _ended(client, f"{path}/{NAME}", START_SECONDS + rounds * len(targets) * seconds * 3)
        said = CoreV1Api(client).read_namespaced_pod_log(NAME, namespace, _preload_content=False).data.decode()
    finally:
        request(client, "DELETE", f"{path}/{NAME}")
    assert phase == "Succeeded", said
    rounds_of = json.loads(next(line for line in said.splitlines() if line.startswith(RESULT)).removeprefix(RESULT))
    return {name: _median(found) for name, found in rounds_of.items()}


def _median(rounds: list[dict[str, float]]) -> Served:
    middle = {key: statistics.median(each[key] for each in rounds) for key in ("p50_ms", "p99_ms", "per_second")}
    return Served(**middle, failed=int(sum(each["failed"] for each in rounds)))


def _ended(client: ApiClient, path: str, longest: float) -> str:
    deadline = time.monotonic() + longest
    while (phase := str(request(client, "GET", path).get("status", {}).get("phase", ""))) not in (
        "Succeeded",
        "Failed",
    ):
        assert time.monotonic() < deadline, f"the load generator does not end: its pod is {phase}"
        time.sleep(POLL_SECONDS)
    return str(phase)


def _pod(namespace: str, task: str) -> Object:
    program = Path(load.__file__).read_text()
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": NAME,
        "image": lock().image("python"),
        "command": ["/bin/sh", "-c", 'printf %s "$TASK" | python3 -u -c "$PROGRAM"'],
        "env": [{"name": "PROGRAM", "value": program}, {"name": "TASK", "value": task}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": context,
    }
    security = {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": security,
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME, "namespace": namespace}, "spec": spec}
