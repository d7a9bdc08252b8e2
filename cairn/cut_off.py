"""Helm releases whose making or changing was cut off: Helm remembers the attempt, and would refuse another."""

from collections.abc import Iterable

from kubernetes.client import ApiClient

from cairn.state import State
from installer.install import ENVIRONMENT
from modules.contract.api import ApiError, connect, get, path_of, request
from modules.registry import enabled
from profiles.schema import Profile

RELEASE = "kubernetes:helm.sh/v3:Release"
UNFINISHED = ",status in (pending-install,pending-upgrade,pending-rollback)"


def let_go(environment: str, state: State, profile: Profile, cut_off: Iterable[str]) -> None:
    """Take away Helm's records of attempts that the state knows nothing of; `cut_off` are URNs of operations.

    What a create has made that was never recorded bears the release's marks, so the next create takes it over. An
    update that was cut off leaves the revision before it. Where the cluster doesn't answer, the run itself says so.
    """
    client = _client(state)
    recorded = {(each.get("inputs") or {}).get("name") for each in state.resources if each["type"] == RELEASE}
    updated = {urn.rpartition("::")[2] for urn in cut_off if f"{RELEASE}::" in urn} & recorded
    for module in enabled(profile) if client else []:
        try:
            if module.release and module.namespace and module.release not in recorded:
                if _is_ours(client, module.namespace, environment):
                    _forget(client, module.release, module.namespace, "")
            elif module.release in updated and module.namespace:
                _forget(client, module.release, module.namespace, UNFINISHED)
        except ApiError:
            return


def _client(state: State) -> ApiClient | None:
    found = [each for each in state.resources if each["type"] == "pulumi:providers:kubernetes"]
    kubeconfigs = [text for each in found if isinstance(text := (each.get("inputs") or {}).get("kubeconfig"), str)]
    return connect(kubeconfigs[0]) if kubeconfigs else None


def _is_ours(client: ApiClient | None, namespace: str, environment: str) -> bool:
    found = get(client, path_of("v1", "namespaces", namespace))
    return found is not None and (found["metadata"].get("labels") or {}).get(ENVIRONMENT) == environment


def _forget(client: ApiClient | None, name: str, namespace: str, narrowed: str) -> None:
    selector = f"owner=helm,name={name}{narrowed}".replace("=", "%3D").replace(",", "%2C").replace(" ", "%20")
    listed = get(client, f"{path_of('v1', 'secrets', namespace=namespace)}?labelSelector={selector}")
    for record in (listed or {}).get("items") or []:
        request(client, "DELETE", path_of("v1", "secrets", record["metadata"]["name"], namespace))
