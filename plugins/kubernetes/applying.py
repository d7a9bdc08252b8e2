"""Creates, updates, reads and deletes objects: server-side apply, then the kind's wait."""

import copy
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plugins.kubernetes import events
from plugins.kubernetes.awaiting import rules
from plugins.kubernetes.awaiting.readiness import Readiness
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import (
    ApiError,
    CancelledError,
    NoSuchKindError,
    NotReadyError,
    Object,
    ProviderError,
)
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

APPLY = "application/apply-patch+yaml"
# How long to retry where an object's definition, namespace or webhook may be on its way, in seconds.
PATIENCE = 31.0
# Between two looks: the first soon, later ones less often, in seconds.
FIRST_LOOK, LONGEST_PAUSE = 0.15, 1.0
# Owners of fields that a person or an earlier tool set by hand: what the program says wins over them.
_HANDS = ("kubectl", "before-first-apply", "pulumi-kubernetes", "pulumi-resource-kubernetes")


@dataclass(frozen=True)
class Request:
    """What one operation on one object needs to know beside the object."""

    urn: str = ""
    preview: bool = False
    # customTimeouts in seconds, 0 when not set.
    timeout: float = 0
    ignored: Sequence[str] = ()


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

    def create(self, inputs: Object, manager: str, request: Request) -> Object:
        """Create, or take up, an object and wait until it is ready. Returns it as it then is.

        :raises NotReadyError: it exists, but did not get ready.
        :raises ApiError: the API server refused it.
        """
        if request.preview:
            return self._preview_creation(inputs, manager)
        force = self._forces(inputs)
        live = self._retry(request.urn, lambda: self._apply(inputs, manager, force=force))
        return self._wait(inputs, live, request)

    def update(self, inputs: Object, manager: str, request: Request) -> Object:
        """Bring an object to its new inputs and wait until it is ready. Returns it as it then is."""
        if request.ignored:
            inputs = without_ignored(inputs, self.read(Kind.of(inputs), id_of(inputs)), request.ignored, manager)
        try:
            live = self._apply(inputs, manager, force=self._forces(inputs), dry_run=request.preview)
        except ApiError as error:
            if not error.is_conflict or not _only_hands(error.conflicting_managers):
                raise _with_advice(error) from None
            live = self._apply(inputs, manager, force=True, dry_run=request.preview)
        return live if request.preview else self._wait(inputs, live, request)

    def read(self, kind: Kind, resource_id: str) -> Object | None:
        """An object as it is; None where there is none, or no such kind any more."""
        namespace, _, name = resource_id.rpartition("/")
        try:
            return self._cluster.request("GET", self.discovery.find(kind).path(kind, namespace, name))
        except NoSuchKindError:
            return None
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def look(self, inputs: Object, live: Object) -> None:
        """Check once that an object is ready.

        :raises NotReadyError: it is not.
        """
        rule = rules.for_reading(inputs)
        readiness = rule(live, self.find_all) if rule else None
        if readiness and not readiness.ready:
            raise NotReadyError(live, self._reasons(readiness, live))

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
            self._wait_until_gone(kind, resource_id, get(deleted, "metadata", "uid"), request, limit)

    def find_all(self, api_version: str, kind_name: str, namespace: str, selector: str) -> list[Object]:
        """The objects of a kind in a namespace with a label selector (empty: all)."""
        kind = Kind(api_version, kind_name)
        path = self.discovery.find(kind).path(kind, namespace)
        answer = self._cluster.request("GET", path, {"labelSelector": selector or None})
        return [{"apiVersion": api_version, "kind": kind_name, **item} for item in answer.get("items") or []]

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
            if error.code != 422 or self.read(Kind.of(inputs), id_of(inputs)) is None:
                raise
        # The object will be replaced: the one in the way is still there, and its immutable fields refuse the new ones.
        stand_in = copy.deepcopy(inputs)
        stand_in["metadata"]["name"] = f"{name_of(inputs)[:57]}-{secrets.token_hex(2)}"
        live = self._apply(stand_in, manager, force=True, dry_run=True)
        return {**live, "metadata": {**live["metadata"], "name": name_of(inputs)}}

    def _retry(self, urn: str, attempt: Callable[[], Object]) -> Object:
        """Repeat what fails for want of a definition, a namespace or a webhook, which may be on their way."""
        end = time.monotonic() + self._patience
        while True:
            try:
                return attempt()
            except (NoSuchKindError, ApiError) as error:
                is_early = isinstance(error, NoSuchKindError) or error.is_missing_namespace or error.is_webhook_down
                if not is_early or time.monotonic() > end:
                    raise _with_advice(error) from None
                self._status(f"retrying: {error}", urn)
                if self._cancelled.wait(0.5):
                    raise

    def _forces(self, inputs: Object) -> bool:
        # A definition is written by other means too (the official plug-in replaces it), and its owner is the program.
        return (
            is_marked(inputs, PATCH_FORCE)
            or os.environ.get("PULUMI_K8S_ENABLE_PATCH_FORCE") == "true"
            or str(Kind.of(inputs)) == CUSTOM_RESOURCE_DEFINITION
        )

    def _wait(self, inputs: Object, live: Object, request: Request) -> Object:
        wait = rules.for_object(inputs, request.timeout)
        if wait is None:
            return live
        end, pause, said = time.monotonic() + wait.timeout, FIRST_LOOK, ""
        kind, resource_id = Kind.of(live), id_of(live)
        while True:
            readiness = wait.rule(live, self.find_all)
            if readiness.ready:
                if said:
                    self._status("", request.urn)
                return live
            if readiness.waiting_for != said:
                said = readiness.waiting_for
                self._status(said, request.urn)
            if readiness.failed or time.monotonic() > end:
                late = "" if readiness.failed else f"timed out after {wait.timeout:g} s: "
                raise NotReadyError(live, self._reasons(readiness, live, late))
            if self._cancelled.wait(pause):
                raise CancelledError(live, self._reasons(readiness, live, "cancelled: "))
            pause = min(pause * 1.3, LONGEST_PAUSE)
            seen = self.read(kind, resource_id)
            if seen is None:
                raise NotReadyError(live, [f"{kind.name} {resource_id} was deleted while it was waited for"])
            live = seen

    def _wait_until_gone(self, kind: Kind, resource_id: str, uid: str, request: Request, limit: float) -> None:
        end, pause = time.monotonic() + limit, FIRST_LOOK
        while True:
            live = self.read(kind, resource_id)
            if live is None or get(live, "metadata", "uid") != uid:
                self._status("", request.urn)
                return
            said = f"{kind.name} {resource_id} still exists{_what_holds(live)}"
            self._status(said, request.urn)
            if time.monotonic() > end:
                raise ProviderError(f"timed out after {limit:g} s: {said}")
            if self._cancelled.wait(pause):
                raise ProviderError(f"cancelled: {said}")
            pause = min(pause * 1.3, LONGEST_PAUSE)

    def _reasons(self, readiness: Readiness, live: Object, prefix: str = "") -> list[str]:
        return [prefix + readiness.waiting_for, *events.explain(live, self.find_all)]


def _only_hands(managers: set[str]) -> bool:
    return bool(managers) and all(manager.startswith(_HANDS) for manager in managers)


def _with_advice(error: ProviderError) -> ProviderError:
    if not isinstance(error, ApiError) or not error.is_conflict:
        return error
    return ProviderError(
        f"server-side apply conflict: {error}. Another owner manages these fields: leave them out of the program, "
        f"import the object, or take them over with the annotation {PATCH_FORCE}: 'true'"
    )


def _what_holds(live: Object) -> str:
    """What keeps an object that is being deleted: its finalizers, or what a namespace says of its content."""
    messages = [
        condition["message"]
        for condition in get(live, "status", "conditions", default=[]) or []
        if condition.get("status") == "True" and str(condition.get("type", "")).startswith("Namespace")
    ]
    finalizers = get(live, "metadata", "finalizers", default=[]) or []
    parts = messages or [f"finalizers: {', '.join(cast(Any, finalizers))}"] if messages or finalizers else []
    return f" ({'; '.join(parts)})" if parts else ""
