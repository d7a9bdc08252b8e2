"""What lies in examples/, as manifests that a test can run in a throwaway team."""

import json
from pathlib import Path
from typing import Any

import yaml

from catalog.directories import REPOSITORY
from modules.contract.api import Object

EXAMPLES = REPOSITORY / "examples"
DIRECTORY = EXAMPLES / "ray-batch"
NAME = "ray-batch"


def manifests(namespace: str, directory: Path = DIRECTORY) -> list[Object]:
    """An example's ConfigMaps and resources for that namespace, as `kubectl apply -k` would make them."""
    told = yaml.safe_load((directory / "kustomization.yaml").read_text())
    found = [_config_map(directory, each) for each in told["configMapGenerator"]]
    for resource in told["resources"]:
        found += yaml.safe_load_all((directory / resource).read_text())
    return [manifest | {"metadata": manifest["metadata"] | {"namespace": namespace}} for manifest in found]


def _config_map(directory: Path, generator: Object) -> Object:
    data = {name: (directory / name).read_text() for name in generator["files"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": generator["name"]}, "data": data}


def result(log: str) -> dict[str, Any]:
    """The batch's result, from the output of the pod that submitted it."""
    lines = [line.removeprefix("RESULT ") for line in log.splitlines() if line.startswith("RESULT ")]
    assert lines, f"the batch printed no result: {log}"
    return dict(json.loads(lines[-1]))
