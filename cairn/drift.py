"""What somebody changed or deleted on the cluster behind Pulumi's back, by a few lists held against the state."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kubernetes.client import ApiClient

from installer.install import ENVIRONMENT, INSTALLED
from installer.presence import absent, kinds, name_of
from installer.release import names
from modules.contract.api import ApiError, Object, connect, get, path_of, request

KUBERNETES = "kubernetes:"
RELEASE = "kubernetes:helm.sh/v3:Release"
ANSWER_SECONDS = 3
"""How long the API server may take to say that it is there: after a reboot nobody is."""


@dataclass(frozen=True)
class Drift:
    """`refresh`: whether Pulumi sees it once it has refreshed; a release's gate makes again what is gone by itself."""

    told: tuple[str, ...] = ()
    refresh: bool = False


def drift(environment: str, resources: Iterable[dict[str, Any]], kubeconfig: str | None) -> Drift:
    """Compare the state's objects with the cluster's. Nothing is told of a cluster that does not answer."""
    if not kubeconfig:
        return Drift()
    recorded = [each for each in resources if each["type"].startswith(KUBERNETES) and not each.get("delete")]
    try:
        client = connect(kubeconfig)
        request(client, "GET", "/version", timeout_seconds=ANSWER_SECONDS)
        objects = _of_objects(client, environment, [each for each in recorded if each["type"] != RELEASE])
        releases = [each for each in recorded if each["type"] == RELEASE]
        with ThreadPoolExecutor() as pool:
            found = pool.map(lambda each: absent(client, names(each["outputs"].get(INSTALLED) or {})), releases)
            gone = [f"{name} is gone" for listed in found for name in listed]
    except ApiError:
        return Drift()
    return Drift((*objects, *gone), refresh=bool(objects))


def _of_objects(client: ApiClient, environment: str, recorded: list[dict[str, Any]]) -> list[str]:
    by_name = {name_of(each["outputs"]): each for each in recorded}
    selector = f"labelSelector={quote(f'{ENVIRONMENT}={environment}')}"
    wanted = sorted({(name.api_version, name.kind) for name in by_name})

    def listed(kind: tuple[str, str]) -> list[Object]:
        known = kinds(client, kind[0]).get(kind[1])
        found = get(client, f"{path_of(kind[0], known.plural)}?{selector}") if known else None
        return [{**each, "apiVersion": kind[0], "kind": kind[1]} for each in (found or {"items": []})["items"]]

    with ThreadPoolExecutor() as pool:
        live = {name_of(each): each for each in (one for many in pool.map(listed, wanted) for one in many)}
    told: list[str] = []
    for name, each in by_name.items():
        if name not in live:
            told.append(f"{name} is gone")
        elif differs(each["inputs"], each["outputs"], live[name]):
            told.append(f"{name} was changed")
    return told


def differs(wanted: Any, recorded: Any, live: Any) -> bool:
    """Whether a field that was asked for has not the value any more that the server had made of it then.

    What the state doesn't have (a Secret's `stringData`, say) can't be compared.
    """
    if isinstance(wanted, dict) and isinstance(recorded, dict):
        if not isinstance(live, dict):
            return True
        shared = [key for key in wanted if key in recorded and not key.startswith("__") and key != "stringData"]
        return any(differs(wanted[key], recorded[key], live.get(key)) for key in shared)
    if isinstance(wanted, list) and isinstance(recorded, list) and len(wanted) == len(recorded):
        if not isinstance(live, list) or len(live) != len(recorded):
            return True
        return any(differs(*each) for each in zip(wanted, recorded, live, strict=True))
    return bool(recorded != live)
