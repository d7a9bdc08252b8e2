"""What becomes of a server's volume when the profile asks for another size than it was made with.

A StatefulSet's claim templates can't be changed, and replacing the StatefulSet changes no claim that is there. So the
claim itself is asked to grow, where its storage class can do that; and where it can't, it is said that it stays.
"""

from collections.abc import Callable

import pulumi
from kubernetes.client import ApiClient

from modules.api import ApiError, Object, connect, path_of, request
from profiles.quantity import amount

UNCHANGED = ["spec.volumeClaimTemplates"]
"""What of a StatefulSet isn't compared."""
_ANSWER_SECONDS = 3
"""How long a preview waits for an API server, which may be gone."""


def claims(made: Object) -> dict[str, str]:
    """The volumes of a StatefulSet's first pod with the size that is asked for."""
    templates = made["spec"].get("volumeClaimTemplates", []) if made["kind"] == "StatefulSet" else []
    name = made["metadata"]["name"]
    return {
        f"{each['metadata']['name']}-{name}-0": str(each["spec"]["resources"]["requests"]["storage"])
        for each in templates
    }


def settle_sizes(
    made: Object, kubeconfig: pulumi.Input[str], after: pulumi.CustomResource, group: pulumi.Resource
) -> None:
    """Let the claims of a StatefulSet grow, or warn that they stay; a preview says it and changes nothing.

    Nothing is asked before the cluster and the StatefulSet are there.
    """

    def settle(known: list[str]) -> None:
        change = not pulumi.runtime.is_dry_run()
        for claim, size in claims(made).items():
            try:
                told = settle_size(connect(known[0]), made["metadata"]["namespace"], claim, size, change)
            except ApiError as error:
                pulumi.log.debug(f"the size of {claim} could not be looked at: {error}", group)
            else:
                _tell(told, group)

    if claims(made):
        pulumi.Output.all(kubeconfig, after.id).apply(settle)


def _tell(told: tuple[Callable[..., None], str] | None, group: pulumi.Resource) -> None:
    if told:
        log, text = told
        log(text, group)


def settle_size(
    client: ApiClient, namespace: str, claim: str, size: str, change: bool
) -> tuple[Callable[..., None], str] | None:
    """What to log about a claim, and how; None where it has its size, or where there is no such claim yet."""
    path = path_of("v1", "persistentvolumeclaims", claim, namespace)
    try:
        found = request(client, "GET", path, timeout_seconds=_ANSWER_SECONDS)
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    has = found["spec"]["resources"]["requests"]["storage"]
    volume = f"volume {namespace}/{claim}"
    if amount(size) == amount(has):
        return None
    if amount(size) < amount(has):
        return pulumi.log.warn, f"{volume} stays at {has}, though the profile says {size}: no volume can shrink"
    storage_class = found["spec"].get("storageClassName", "")
    if not _can_grow(client, storage_class):
        why = f"its storage class {storage_class or '(none)'} can't make it larger"
        return pulumi.log.warn, f"{volume} stays at {has}, though the profile says {size}: {why}"
    if change:
        found["spec"]["resources"]["requests"]["storage"] = size
        request(client, "PUT", path, found)
    return pulumi.log.info, f"{volume} grows from {has} to {size}"


def _can_grow(client: ApiClient, storage_class: str) -> bool:
    if not storage_class:
        return False
    try:
        found = request(client, "GET", path_of("storage.k8s.io/v1", "storageclasses", storage_class))
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return bool(found.get("allowVolumeExpansion"))
