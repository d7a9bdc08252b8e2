"""Creates, updates, reads and deletes objects: server-side apply, then the kind's wait."""

import copy
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable

from plugins.kubernetes.awaiting import rules
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import ApiError, NoSuchKindError, Object, ProviderError, UnreachableError
from plugins.kubernetes.ignoring import without_ignored
from plugins.kubernetes.kinds import CUSTOM_RESOURCE_DEFINITION, Discovery, Kind
from plugins.kubernetes.objects import (
    DELETION_PROPAGATION,
    PATCH_FIELD_MANAGER,
    PATCH_FORCE,
    annotation,
    get,
    id_of,
    is_marked,
    name_of,
    namespace_of,
)
from plugins.kubernetes.reading import Reader
from plugins.kubernetes.waiting import Request, Waits

APPLY = "application/apply-patch+yaml"
# How long to retry where an object's definition, namespace or webhook may be on its way, in seconds.
PATIENCE = 31.0
# Owners of fields that a person or an earlier tool set by hand: what the program says wins over them.
_HANDS = ("kubectl", "before-first-apply", "pulumi-kubernetes", "pulumi-resource-kubernetes")


def field_manager(urn: str, inputs: Object, recorded: object = None) -> str:
    """The field manager's name: from the annotation, from the state, or made from the URN.

    Made from the URN, it is the same when a run that was killed before it recorded an object is repeated: the object
    is taken up again without a conflict.
    """
    if name := annotation(inputs, PATCH_FIELD_MANAGER):
        return name
    if isinstance(recorded, str) and recorded:
        return recorded
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


class ConflictError(ProviderError):
    """Other field managers own fields that an apply would change."""

    def __init__(self, error: ApiError) -> None:
        self.managers = error.conflicting_managers
        super().__init__(
            f"server-side apply conflict: {error}. Another owner manages these fields: leave them out of the program, "
            f"import the object, or take them over with the annotation {PATCH_FORCE}: 'true'"
        )


class Objects:
    """The objects of one cluster. Every method may be called from many threads at once."""

    def __init__(
        self,
        cluster: Cluster,
        cancelled: threading.Event,
        status: Callable[[str, str], None] = lambda message, urn: None,
        patience: float = PATIENCE,
    ) -> None:
        self._cluster = cluster
        self._cancelled = cancelled
        self._status = status
        self._patience = patience
        self.discovery = Discovery(cluster)
        self.reader = Reader(cluster, self.discovery)
        self.waits = Waits(self.reader, cancelled, status)

    def create(self, inputs: Object, manager: str, request: Request) -> Object:
        """Create, or take up, an object and wait until it is ready. Returns it as it then is.

        :raises NotReadyError: it exists, but did not get ready.
        :raises ApiError: the API server refused it.
        """
        if request.preview:
            return self._preview_creation(inputs, manager)
        force = self._forces(inputs)
        live = self._apply_patiently(inputs, manager, force, request)
        return self.waits.until_ready(inputs, live, request)

    def update(self, inputs: Object, manager: str, request: Request) -> Object:
        """Bring an object to its new inputs and wait until it is ready. Returns it as it then is."""
        if request.ignored:
            inputs = without_ignored(inputs, self.reader.read(Kind.of(inputs), id_of(inputs)), request.ignored, manager)
        try:
            live = self._apply_patiently(inputs, manager, self._forces(inputs), request)
        except ConflictError as error:
            if not _only_hands(error.managers):
                raise
            live = self._apply_patiently(inputs, manager, True, request)
        return live if request.preview else self.waits.until_ready(inputs, live, request)

    def delete(self, inputs: Object, resource_id: str, request: Request) -> None:
        """Delete an object and wait until it is gone. One that is gone already is no error."""
        kind = Kind.of(inputs)
        namespace, _, name = resource_id.rpartition("/")
        policy = {"orphan": "Orphan", "background": "Background"}.get(
            annotation(inputs, DELETION_PROPAGATION).lower(), "Foreground"
        )
        try:
            path = self.discovery.find(kind).path(kind, namespace, name)
            deleted = self._cluster.request("DELETE", path, body={"propagationPolicy": policy})
        except NoSuchKindError:
            return
        except ApiError as error:
            if error.code == 404:
                return
            raise
        limit = rules.deletion_timeout(inputs, request.timeout)
        # The answer is the object while finalizers hold it, a Status once it is gone.
        if limit is not None and deleted.get("kind") == kind.name:
            self.waits.until_gone(kind, resource_id, get(deleted, "metadata", "uid"), request, limit)

    def _apply(self, inputs: Object, manager: str, force: bool, dry_run: bool = False) -> Object:
        kind = Kind.of(inputs)
        path = self.discovery.find(kind).path(kind, namespace_of(inputs), name_of(inputs))
        query = {
            "fieldManager": manager,
            "force": "true" if force else "false",
            "fieldValidation": "Warn",
            "dryRun": "All" if dry_run else None,
        }
        return self._cluster.request("PATCH", path, query, body=inputs, content_type=APPLY)

    def _preview_creation(self, inputs: Object, manager: str) -> Object:
        try:
            return self._apply(inputs, manager, force=True, dry_run=True)
        except ApiError as error:
            if error.code != 422 or self.reader.read(Kind.of(inputs), id_of(inputs)) is None:
                raise
        # The object will be replaced: the one in the way is still there, and its immutable fields refuse the new ones.
        stand_in = copy.deepcopy(inputs)
        stand_in["metadata"]["name"] = f"{name_of(inputs)[:57]}-{secrets.token_hex(2)}"
        live = self._apply(stand_in, manager, force=True, dry_run=True)
        return {**live, "metadata": {**live["metadata"], "name": name_of(inputs)}}

    def _apply_patiently(self, inputs: Object, manager: str, force: bool, request: Request) -> Object:
        """Apply; repeat what fails for want of something that may be on its way. A preview is not repeated.

        An object that is being deleted is waited out and made anew.

        :raises ConflictError: somebody else owns fields that would change.
        """
        end = time.monotonic() + self._patience
        while True:
            try:
                live = self._apply(inputs, manager, force, dry_run=request.preview)
            except (NoSuchKindError, ApiError, UnreachableError) as error:
                if isinstance(error, ApiError) and error.is_conflict:
                    raise ConflictError(error) from None
                if request.preview or not _is_early(error) or time.monotonic() > end:
                    raise
                self._status(f"retrying: {error}", request.urn)
                if self._cancelled.wait(0.5):
                    raise
                continue
            if request.preview or not get(live, "metadata", "deletionTimestamp"):
                return live
            limit = request.timeout or rules.DELETION_TIMEOUT
            self.waits.until_gone(Kind.of(live), id_of(live), get(live, "metadata", "uid"), request, limit)

    def _forces(self, inputs: Object) -> bool:
        # A definition is written by other means too (the official plug-in replaces it), and its owner is the program.
        return (
            is_marked(inputs, PATCH_FORCE)
            or os.environ.get("PULUMI_K8S_ENABLE_PATCH_FORCE") == "true"
            or str(Kind.of(inputs)) == CUSTOM_RESOURCE_DEFINITION
        )


def _only_hands(managers: set[str]) -> bool:
    return bool(managers) and all(manager.startswith(_HANDS) for manager in managers)


def _is_early(error: ProviderError) -> bool:
    """Whether it may be otherwise soon: a definition, a namespace or a webhook on its way, a server with trouble."""
    if isinstance(error, ApiError):
        return error.is_missing_namespace or error.is_ending_namespace or error.is_webhook_down or error.is_blip
    return not isinstance(error, UnreachableError) or error.is_blip
