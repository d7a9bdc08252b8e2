"""How an environment's modules and nodes stand, by the checks that the installer waits for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from cairn.cluster import Cluster
from cairn.errors import UserError
from installer.presence import absent, name_of
from installer.ready import failing
from modules.cluster.devices import Counts, accelerators
from modules.contract.api import ApiError, Object, path_of, request
from modules.contract.module import ALREADY_THERE, Module
from modules.registry import enabled


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
    """One node; `accelerators` says how many devices it publishes and that they are SIMULATED or REAL.

    `schedulable` is False for a node that was cordoned: what runs there goes on and nothing new comes.
    """

    name: str
    version: str
    ready: bool
    accelerators: str
    schedulable: bool = True


@dataclass(frozen=True)
class Health:
    """All of it."""

    profile: str
    supply: str
    modules: list[ModuleHealth]
    nodes: list[NodeHealth]

    def ready(self) -> bool:
        """Whether everything serves."""
        return all(part.ready for part in self.modules) and all(node.ready and node.schedulable for node in self.nodes)

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
    devices = accelerators(cluster.client, found)
    nodes = [node_health(node, devices.get(node["metadata"]["name"], {})) for node in found]
    return Health(cluster.profile_name, str(cluster.outputs.get("supply", "")), modules, nodes)


def module_health(module: Module, cluster: Cluster, version: str) -> ModuleHealth:
    """How one module stands; `version` is what the stack's outputs say of it."""
    why_not = failing(module, cluster.profile, version, cluster.client) + lacking(module, cluster)
    try:
        # The notes are about what Cairn installs.
        notes = () if version == ALREADY_THERE else module.notes(cluster.client)
    except ApiError as error:
        notes = (str(error),)
    return ModuleHealth(module.name, version, not why_not, why_not, notes)


def lacking(module: Module, cluster: Cluster) -> tuple[str, ...]:
    """A line for each object of the module that is gone, such as a team's Secret or a policy."""
    try:
        return tuple(
            f"{name}: not there" for name in absent(cluster.client, map(name_of, module.objects(cluster.profile)))
        )
    except ApiError as error:
        return (str(error),)


def node_health(node: Object, devices: Counts) -> NodeHealth:
    """One node from its own object and its devices."""
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", [])}
    return NodeHealth(
        name=node["metadata"]["name"],
        version=node["status"]["nodeInfo"]["kubeletVersion"],
        ready=conditions.get("Ready") == "True",
        accelerators=", ".join(f"{count} {kind}" for kind, count in devices.items()) or "none",
        schedulable=not node.get("spec", {}).get("unschedulable", False),
    )
