"""What `cairn status` says of flavors: quota whose nodes aren't there admits work that then waits for ever."""

from kubernetes.client import ApiClient

from modules.contract.api import Object, get, path_of
from profiles.quantity import amount


def notes(client: ApiClient, api_version: str) -> tuple[str, ...]:
    """A line for each flavor that has quota and whose labels no node has."""
    queues = _items(client, api_version, "clusterqueues")
    flavors = {each["metadata"]["name"]: each for each in _items(client, api_version, "resourceflavors")}
    nodes = [each["metadata"].get("labels") or {} for each in _items(client, "v1", "nodes")]
    found = []
    for name, holders in _with_quota(queues).items():
        wanted = flavors.get(name, {}).get("spec", {}).get("nodeLabels") or {}
        if name in flavors and not any(wanted.items() <= labels.items() for labels in nodes):
            words = ", ".join(f"{key}={value}" for key, value in wanted.items())
            found.append(f"no node has {words}: what {', '.join(holders)} may use of the flavor {name} can't run")
    return tuple(found)


def _with_quota(queues: list[Object]) -> dict[str, list[str]]:
    """The queues that have quota on each flavor."""
    found: dict[str, list[str]] = {}
    for queue in queues:
        for group in queue["spec"].get("resourceGroups", []):
            for flavor in group["flavors"]:
                if any(amount(str(each["nominalQuota"])) > 0 for each in flavor["resources"]):
                    found.setdefault(flavor["name"], []).append(queue["metadata"]["name"])
    return found


def _items(client: ApiClient, api_version: str, resource: str) -> list[Object]:
    listed = get(client, path_of(api_version, resource)) or {"items": []}
    items: list[Object] = listed["items"]
    return items
