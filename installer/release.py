"""The objects of a Helm release, held against the cluster: Helm itself doesn't look after it has installed them."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence

import yaml
from kubernetes.client import ApiClient

from installer.presence import Name, absent, kinds, name_of
from modules.contract.api import ApiError, Object, get, path_of, request

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RECORDS = "labelSelector=owner%3Dhelm,status%3Ddeployed,name%3D"


def names(resource_names: Mapping[str, Sequence[str]]) -> list[Name]:
    """What a release's output `resourceNames` lists: `{"Deployment.apps/apps/v1": ["namespace/name"]}`."""
    found = []
    for key, ids in resource_names.items():
        kind, _, api_version = key.partition("/")
        for each in ids:
            namespace, _, name = each.rpartition("/")
            found.append(Name(api_version, kind.partition(".")[0], namespace, name))
    return found


def make_again(client: ApiClient, name: str, namespace: str) -> list[Name]:
    """Make what the release installed and the cluster lacks, as Helm's own record has it; returns what was made.

    What is still on its way out can't be made yet; another call does. Raises ApiError.
    """
    objects = _recorded(client, name, namespace)
    lacking = set(absent(client, map(name_of, objects)))
    made = []
    for each in objects:
        if (found := name_of(each)) in lacking and _create(client, each, name, namespace):
            made.append(found)
    for account in made:
        if account.kind == "ServiceAccount":
            _restart(client, account)
    return made


def _restart(client: ApiClient, account: Name) -> None:
    """Pods hold tokens of the account that was deleted, which nobody accepts from the new one of that name."""
    selector = f"fieldSelector=spec.serviceAccountName%3D{account.name}"
    listed = get(client, f"{path_of('v1', 'pods', namespace=account.namespace)}?{selector}") or {}
    for pod in listed.get("items") or []:
        request(client, "DELETE", path_of("v1", "pods", pod["metadata"]["name"], account.namespace))


def _recorded(client: ApiClient, name: str, namespace: str) -> list[Object]:
    """The objects of the release's last deployed revision, in the order in which Helm makes them."""
    listed = get(client, f"{path_of('v1', 'secrets', namespace=namespace)}?{_RECORDS}{name}") or {"items": []}
    records = sorted(listed["items"], key=lambda each: int(each["metadata"]["labels"]["version"]))
    if not records:
        return []
    packed = base64.b64decode(base64.b64decode(records[-1]["data"]["release"]))
    manifest = json.loads(gzip.decompress(packed))["manifest"]
    objects = [each for each in yaml.load_all(manifest, _LOADER) if each]
    known = {api_version: kinds(client, api_version) for api_version in {each["apiVersion"] for each in objects}}
    for each in objects:
        if kind := known[each["apiVersion"]].get(each["kind"]):
            own = each["metadata"].pop("namespace", namespace)  # Helm puts there what names none.
            each["metadata"] |= {"namespace": own} if kind.namespaced else {}
    return objects


def _create(client: ApiClient, made: Object, release: str, namespace: str) -> bool:
    metadata = made["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    marks = {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **marks}
    kind = kinds(client, made["apiVersion"]).get(made["kind"])
    if kind is None:  # Its definition is one of those that were just made, or go.
        return False
    path = path_of(made["apiVersion"], kind.plural, namespace=metadata.get("namespace", ""))
    try:
        request(client, "POST", f"{path}?fieldManager=helm", made)
    except ApiError as error:
        if error.status == 409:
            return False
        raise
    return True
