"""How an environment's modules and nodes stand, by the checks that the installer waits for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from kubernetes.client import ApiClient

from cairn.cluster import Cluster
from cairn.errors import UserError
from modules.api import ApiError, Object, path_of, request
from modules.module import Module
from modules.ready import evaluate
from modules.registry import enabled
from profiles.schema import Profile


@dataclass(frozen=True)
class ModuleHealth:
    """One module: `why_not` has a line for each check that fails."""

    name: str
    version: str
    ready: bool
    why_not: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class NodeHealth:
    """One node; `accelerators` says how many devices it publishes and that they are SIMULATED or REAL."""

    name: str
    version: str
    ready: bool
    accelerators: str


@dataclass(frozen=True)
class Health:
    """All of it."""

    profile: str
    supply: str
    modules: list[ModuleHealth]
    nodes: list[NodeHealth]

    def ready(self) -> bool:
        """Whether everything serves."""
        return all(part.ready for part in self.modules) and all(node.ready for node in self.nodes)

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        return {"ready": self.ready(), **asdict(self)}


def look(cluster: Cluster) -> Health:
    """Ask the cluster. Raises UserError when its API server does not answer at all."""
    try:
        found = request(cluster.client, "GET", path_of("v1", "nodes"))["items"]
    except ApiError as error:
        raise UserError(
            f"the cluster does not answer: {error}",
            where=str(cluster.client.configuration.host),
            fix="cairn up   (it heals what a reboot took away)",
            exit_code=1,
        ) from None
    versions = cluster.outputs.get("modules") or {}
    on = enabled(cluster.profile)
    with ThreadPoolExecutor() as pool:
        modules = list(pool.map(lambda each: module_health(each, cluster, versions.get(each.name, "")), on))
    devices = published(cluster.client)
    nodes = [node_health(node, devices, cluster.profile) for node in found]
    return Health(cluster.profile_name, str(cluster.outputs.get("supply", "")), modules, nodes)


def module_health(module: Module, cluster: Cluster, version: str) -> ModuleHealth:
    """Evaluate the module's own checks."""
    results = [evaluate(check, cluster.client) for check in module.ready(cluster.profile)]
    why_not = tuple(result.why for result in results if not result.ok)
    try:
        notes = module.notes(cluster.client)
    except ApiError as error:
        notes = (str(error),)
    return ModuleHealth(module.name, version, not why_not, why_not, notes)


def published(client: ApiClient) -> dict[str, int]:
    """How many devices each node publishes through dynamic resource allocation."""
    counts: dict[str, int] = {}
    try:
        slices = request(client, "GET", path_of("resource.k8s.io/v1", "resourceslices"))["items"]
    except ApiError:
        return counts
    for piece in slices:
        node = piece["spec"].get("nodeName", "")
        counts[node] = counts.get(node, 0) + len(piece["spec"].get("devices") or [])
    return counts


def node_health(node: Object, devices: dict[str, int], profile: Profile) -> NodeHealth:
    """One node from its own object; devices of a simulating driver are called so."""
    name = node["metadata"]["name"]
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", [])}
    count = devices.get(name, 0) or int(node["status"].get("allocatable", {}).get("nvidia.com/gpu", "0"))
    settings = profile.modules.accelerators
    kind = "SIMULATED" if settings and settings.mode == "simulated" else "REAL"
    return NodeHealth(
        name=name,
        version=node["status"]["nodeInfo"]["kubeletVersion"],
        ready=conditions.get("Ready") == "True",
        accelerators=f"{count} {kind}" if count else "none",
    )
