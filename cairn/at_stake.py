"""What runs and lies in what is about to go, as a person knows it: read from the cluster, line by line."""

from collections.abc import Iterable

from kubernetes.client import ApiClient

from cairn.custom_objects import made_by_people
from cairn.losses import Losses
from modules.contract.api import Object, path_of, request

MOST = 5
"""How many pods of a namespace are named; of more, how many there are."""


def at_stake(client: ApiClient, lost: Losses) -> list[str]:
    """A line for each thing that goes, with what is in it below. Nothing for modules that nobody uses.

    Raises ApiError when the cluster can't be asked.
    """
    volumes = _items(client, path_of("v1", "persistentvolumes"))
    lines = ["the cluster itself: it is made anew, or left for another"] if lost.cluster else []
    if lost.cluster:
        lines += [f"  {volume_line(each)}" for each in volumes]
    for node in lost.nodes:
        there = [each for each in volumes if node in _nodes(each)]
        if there:
            lines += [f"node {node}", *(f"  {volume_line(each)}" for each in there)]
    for namespace in lost.namespaces:
        lines += [f"namespace {namespace}", *_inside(client, namespace, [] if lost.cluster else volumes)]
    lines += [each.label for each in made_by_people(client, lost.definitions)]
    return lines


def unnamed(lost: Losses) -> list[str]:
    """The same by name only, for a cluster that does not answer."""
    return [
        *(["the cluster itself: it is made anew, or left for another"] if lost.cluster else []),
        *(f"node {node}" for node in lost.nodes),
        *(f"namespace {namespace}" for namespace in lost.namespaces),
        *(f"whatever people made of {definition}" for definition in lost.definitions),
        "(the cluster does not answer: what runs and lies there can't be named)",
    ]


def volume_line(volume: Object) -> str:
    """A volume by the claim that a person knows it as, and its size."""
    claim = volume["spec"].get("claimRef") or {}
    name = f"{claim['namespace']}/{claim['name']}" if claim else volume["metadata"]["name"]
    return f"volume {name}  {volume['spec']['capacity']['storage']}"


def _inside(client: ApiClient, namespace: str, volumes: Iterable[Object]) -> list[str]:
    mine = [each for each in volumes if (each["spec"].get("claimRef") or {}).get("namespace") == namespace]
    pods = [each for each in _items(client, path_of("v1", "pods", namespace=namespace)) if _runs(each)]
    named = [f"  pod {namespace}/{each['metadata']['name']}" for each in pods[:MOST]]
    more = [f"  and {len(pods) - MOST} more pods"] if len(pods) > MOST else []
    return [*(f"  {volume_line(each)}" for each in mine), *named, *more]


def _runs(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in ("Pending", "Running")


def _nodes(volume: Object) -> set[str]:
    """The nodes that a volume is bound to."""
    required = ((volume["spec"].get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or []
    expressions = (each for term in required for each in term.get("matchExpressions") or [])
    return {value for each in expressions for value in each.get("values") or []}


def _items(client: ApiClient, path: str) -> list[Object]:
    items: list[Object] = request(client, "GET", path, timeout_seconds=5)["items"]
    return items
