"""The volumes of servers: each grows when the profile says so and its class can, and otherwise stays as it is.

A StatefulSet's claim template can't be changed, only its claim. So the template keeps the size that the server was made
with, and the size that the profile names now is this resource's.
"""

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from modules.contract.api import ApiError, Object, connect, get, path_of, request
from modules.contract.cluster import Cluster
from profiles.quantity import amount

_CLAIMS_TO_GROW = ("local-path", "local-path-provisioner")
"""Provisioners whose class says that its volumes grow, while nobody makes them: the claim would ask for ever."""


class VolumeProvider(ResourceProvider):
    """Pickled by reference: it must stay importable as `installer.volumes.VolumeProvider`."""

    # Nothing secret is captured in it, and a secret provider makes every diff of it unreadable.
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Grow the volume, if it is there from earlier on and smaller."""
        return CreateResult(id_=f"{props['namespace']}/{props['claim']}", outs=_settled(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another size, or another cluster; a kubeconfig whose bytes changed is neither."""
        return DiffResult(changes=any(olds.get(key) != news.get(key) for key in ("size", "cluster")))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """As create."""
        return UpdateResult(outs=_settled(news))


class Volume(Resource, module="cairn", name="Volume"):
    """The size that a claim should have; deleting it changes nothing."""

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        """`props`: namespace, claim, size, kubeconfig (secret) and cluster (its identifier)."""
        super().__init__(VolumeProvider(), name, dict(props), opts)


def claim_of(stateful_set: Object) -> tuple[str, str] | None:
    """The name of the claim of a StatefulSet of one pod, and the size that it should have. Pure."""
    templates = stateful_set["spec"].get("volumeClaimTemplates") or []
    if not templates:
        return None
    [template] = templates
    name = f"{template['metadata']['name']}-{stateful_set['metadata']['name']}-0"
    return name, str(template["spec"]["resources"]["requests"]["storage"])


def volume_of(stateful_set: Object, cluster: Cluster, group: pulumi.Resource, server: pulumi.Resource) -> None:
    """Declare the volume of a server, if it has one, and say so if it won't get the size that the profile names."""
    found = claim_of(stateful_set)
    if found is None:
        return
    namespace, (claim, size) = stateful_set["metadata"]["namespace"], found

    def tell(kubeconfig: str) -> None:
        if why := why_it_stays(kubeconfig, namespace, claim, size):
            pulumi.log.warn(why, group)

    cluster.kubeconfig.apply(tell)
    props = {
        "namespace": namespace,
        "claim": claim,
        "size": size,
        "kubeconfig": cluster.kubeconfig,
        "cluster": cluster.identifier,
    }
    options = pulumi.ResourceOptions(
        parent=group,
        depends_on=[server],
        deleted_with=cluster.resource,
        additional_secret_outputs=["kubeconfig"],
    )
    Volume(f"{namespace}/{claim}", props, options)


def why_it_stays(kubeconfig: str, namespace: str, claim: str, size: str) -> str:
    """Why a volume won't get the size that the profile names, in one line; empty if it will, has it, or isn't there."""
    try:
        client = connect(kubeconfig)
        found = get(client, path_of("v1", "persistentvolumeclaims", claim, namespace))
        if found is None:
            return ""
        has = _size(found)
        if amount(size) == amount(has):
            return ""
        if amount(size) < amount(has):
            return f"the volume {namespace}/{claim} stays at {has}: a volume can't become smaller"
        name = found["spec"].get("storageClassName") or ""
        storage_class = get(client, path_of("storage.k8s.io/v1", "storageclasses", name)) if name else None
    except ApiError:
        # Whoever changes something will hear of it.
        return ""
    grows = storage_class and storage_class.get("allowVolumeExpansion")
    if storage_class and grows and not storage_class.get("provisioner", "").endswith(_CLAIMS_TO_GROW):
        return ""
    return (
        f"the volume {namespace}/{claim} stays at {has}: volumes of the storage class {name or 'none'} can't grow; "
        f"{size} is what a new one gets"
    )


def _settled(props: dict[str, Any]) -> dict[str, Any]:
    place = props["kubeconfig"], props["namespace"], props["claim"], props["size"]
    path = path_of("v1", "persistentvolumeclaims", props["claim"], props["namespace"])
    client = connect(props["kubeconfig"])
    found = get(client, path)
    if found and amount(props["size"]) > amount(_size(found)) and not why_it_stays(*place):
        found["spec"]["resources"]["requests"]["storage"] = props["size"]
        request(client, "PUT", path, found)
    return {key: props[key] for key in ("namespace", "claim", "size", "cluster")}


def _size(claim: Object) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])
