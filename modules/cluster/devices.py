"""Which accelerators nodes have, and whether they are SIMULATED or REAL: said by the devices, not by a profile."""

from collections.abc import Iterable

from kubernetes.client import ApiClient

from modules.cluster.accelerators import DRIVER
from modules.contract.accelerator import RESOURCE
from modules.contract.api import ApiError, Object, path_of, request

SIMULATED = "SIMULATED"
REAL = "REAL"
Counts = dict[str, int]
"""How many devices of each of these kinds."""


def accelerators(client: ApiClient, nodes: Iterable[Object]) -> dict[str, Counts]:
    """The GPUs of each node, by its name, whether their driver publishes slices or only a number in the node."""
    counts: dict[str, Counts] = {}
    for piece in _slices(client):
        driver, node = piece["spec"]["driver"], piece["spec"].get("nodeName", "")
        # The drivers of GPUs are called gpu.VENDOR; others publish network cards and the like.
        if driver.startswith("gpu."):
            _add(counts, node, SIMULATED if driver == DRIVER else REAL, len(piece["spec"].get("devices") or []))
    for node in nodes:
        name = node["metadata"]["name"]
        if not counts.get(name, {}).get(REAL):
            _add(counts, name, REAL, int(node.get("status", {}).get("allocatable", {}).get(RESOURCE, "0")))
    return counts


def kinds(counts: Iterable[Counts]) -> str:
    """SIMULATED, REAL or both, as evidence says it; empty where there is no device."""
    found = {kind for each in counts for kind in each}
    return " and ".join(kind for kind in (SIMULATED, REAL) if kind in found)


def _add(counts: dict[str, Counts], node: str, kind: str, count: int) -> None:
    if count:
        of_node = counts.setdefault(node, {})
        of_node[kind] = of_node.get(kind, 0) + count


def _slices(client: ApiClient) -> list[Object]:
    try:
        found: list[Object] = request(client, "GET", path_of("resource.k8s.io/v1", "resourceslices"))["items"]
    except ApiError:
        # Clusters before Kubernetes 1.34 have none.
        return []
    return found
