"""The Ray batch of examples/, as manifests that a test can run in a throwaway team."""

import json
from typing import Any

import yaml

from catalog.directories import REPOSITORY
from modules.api import Object

DIRECTORY = REPOSITORY / "examples" / "ray-batch"
NAME = "ray-batch"


def manifests(namespace: str) -> list[Object]:
    """The batch's ConfigMap and RayJob for that namespace, as `kubectl apply -k` would make them."""
    script = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME},
        "data": {"batch.py": (DIRECTORY / "batch.py").read_text()},
    }
    found: list[Object] = [script, yaml.safe_load((DIRECTORY / "job.yaml").read_text())]
    return [manifest | {"metadata": manifest["metadata"] | {"namespace": namespace}} for manifest in found]


def result(log: str) -> dict[str, Any]:
    """The batch's result, from the output of the pod that submitted it."""
    lines = [line.removeprefix("RESULT ") for line in log.splitlines() if line.startswith("RESULT ")]
    assert lines, f"the batch printed no result: {log}"
    return dict(json.loads(lines[-1]))
