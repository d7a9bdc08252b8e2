"""Waits until an object is ready, or gone, and says why it is not."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plugins.kubernetes import events
from plugins.kubernetes.awaiting import rules
from plugins.kubernetes.awaiting.readiness import Readiness, waiting
from plugins.kubernetes.errors import (
    ApiError,
    CancelledError,
    NotReadyError,
    Object,
    ProviderError,
    UnreachableError,
)
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.objects import get, id_of
from plugins.kubernetes.reading import Reader

# Between two looks: the first soon, later ones less often, in seconds.
FIRST_LOOK, LONGEST_PAUSE, SLOWING = 0.15, 1.0, 1.3


@dataclass(frozen=True)
class Request:
    """What one operation on one object needs to know beside the object."""

    urn: str = ""
    preview: bool = False
    # customTimeouts in seconds, 0 when not set.
    timeout: float = 0
    ignored: Sequence[str] = ()


class Waits:
    """The waits for the objects of one cluster. Each runs in its caller's thread; a cancel ends them all."""

    def __init__(self, reader: Reader, cancelled: threading.Event, status: Callable[[str, str], None]) -> None:
        self._reader = reader
        self._cancelled = cancelled
        self._status = status

    def until_ready(self, inputs: Object, live: Object, request: Request) -> Object:
        """Wait by the rule for the inputs; returns the object as it then is.

        :raises NotReadyError: it did not get ready in time, can't any more, or was deleted.
        """
        wait = rules.for_object(inputs, request.timeout)
        if wait is None:
            return live
        end, pause, said = time.monotonic() + wait.timeout, FIRST_LOOK, ""
        kind, resource_id = Kind.of(live), id_of(live)
        while True:
            try:
                readiness = wait.rule(live, self._reader.find_all)
            except (ApiError, UnreachableError) as error:
                readiness = waiting(str(_pass_over(error)))
            if readiness.ready:
                self._say("", said, request)
                return live
            said = self._say(readiness.waiting_for, said, request)
            if readiness.failed or time.monotonic() > end:
                late = "" if readiness.failed else f"timed out after {wait.timeout:g} s: "
                raise NotReadyError(live, self.reasons(readiness, live, late))
            if self._cancelled.wait(pause):
                raise CancelledError(live, self.reasons(readiness, live, "cancelled: "))
            pause = min(pause * SLOWING, LONGEST_PAUSE)
            try:
                seen = self._reader.read(kind, resource_id)
            except (ApiError, UnreachableError) as error:
                _pass_over(error)
                continue
            if seen is None:
                raise NotReadyError(live, [f"{kind.name} {resource_id} was deleted while it was waited for"])
            live = seen

    def until_gone(self, kind: Kind, resource_id: str, uid: str, request: Request, limit: float) -> None:
        """Wait until the object with the uid is gone; another one of the same name doesn't count.

        :raises ProviderError: it is still there after `limit` seconds, or the wait was cancelled.
        """
        end, pause, said = time.monotonic() + limit, FIRST_LOOK, ""
        while True:
            try:
                live = self._reader.read(kind, resource_id)
                if live is None or get(live, "metadata", "uid") != uid:
                    self._say("", said, request)
                    return
                said = self._say(f"{kind.name} {resource_id} still exists{_what_holds(live)}", said, request)
            except (ApiError, UnreachableError) as error:
                said = self._say(str(_pass_over(error)), said, request)
            if time.monotonic() > end:
                raise ProviderError(f"timed out after {limit:g} s: {said}")
            if self._cancelled.wait(pause):
                raise ProviderError(f"cancelled: {said}")
            pause = min(pause * SLOWING, LONGEST_PAUSE)

    def look(self, inputs: Object, live: Object) -> None:
        """Check once that an object is ready.

        :raises NotReadyError: it is not.
        """
        rule = rules.for_reading(inputs)
        readiness = rule(live, self._reader.find_all) if rule else None
        if readiness and not readiness.ready:
            raise NotReadyError(live, self.reasons(readiness, live))

    def reasons(self, readiness: Readiness, live: Object, prefix: str = "") -> list[str]:
        """What is waited for, and what is known to be wrong."""
        return [prefix + readiness.waiting_for, *events.explain(live, self._reader.find_all)]

    def _say(self, text: str, said: str, request: Request) -> str:
        if text != said:
            self._status(text, request.urn)
        return text


def _pass_over(error: ApiError | UnreachableError) -> ProviderError:
    """The error, where the API server may answer again soon.

    :raises ProviderError: the error itself, where it won't.
    """
    if not error.is_blip:
        raise error
    return error


def _what_holds(live: Object) -> str:
    """What keeps an object that is being deleted: its finalizers, or what a namespace says of its content."""
    messages = [
        condition["message"]
        for condition in get(live, "status", "conditions", default=[]) or []
        if condition.get("status") == "True" and str(condition.get("type", "")).startswith("Namespace")
    ]
    finalizers = get(live, "metadata", "finalizers", default=[]) or []
    if finalizers and not messages:
        messages = [f"finalizers: {', '.join(finalizers)}"]
    return f" ({'; '.join(messages)})" if messages else ""
