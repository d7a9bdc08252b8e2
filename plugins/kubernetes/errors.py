"""What can go wrong with an API call or a wait, in words for the person who runs Pulumi."""

from typing import Any, cast

Object = dict[str, Any]


_TROUBLE = ("ServerTimeout", "Timeout", "ServiceUnavailable")


class ProviderError(Exception):
    """An error whose text is the message for the person."""


class UnreachableError(ProviderError):
    """The API server can't be reached; `is_blip` when it has answered before, and so may again soon."""

    def __init__(self, message: str, is_blip: bool = False) -> None:
        self.is_blip = is_blip
        super().__init__(message)


class NoSuchKindError(ProviderError):
    """The API server serves no such kind (yet)."""


class ApiError(ProviderError):
    """The API server's refusal: its Status object, see the Kubernetes API conventions."""

    def __init__(self, code: int, status: Object) -> None:
        self.code = code
        self.reason = str(status.get("reason", ""))
        self.details = cast(Object, status.get("details") or {})
        super().__init__(status.get("message") or f"the API server answered {code}")

    @property
    def is_missing_namespace(self) -> bool:
        """The object's namespace is not there (yet)."""
        return self.code == 404 and self.details.get("kind") == "namespaces"

    @property
    def is_ending_namespace(self) -> bool:
        """The object's namespace is being deleted."""
        return self.code == 403 and any(
            cause.get("reason") == "NamespaceTerminating" for cause in self.details.get("causes") or []
        )

    @property
    def is_blip(self) -> bool:
        """The API server had trouble of its own (its storage elects a leader, it is overloaded): soon it may not."""
        return self.code in (429, 502, 503, 504) or (self.code == 500 and self.reason in _TROUBLE)

    @property
    def is_webhook_down(self) -> bool:
        """An admission webhook did not answer, as it happens while its pods start."""
        return self.code == 500 and "failed calling webhook" in str(self)

    @property
    def is_conflict(self) -> bool:
        """Another field manager owns a field that was to change."""
        return self.code == 409

    @property
    def conflicting_managers(self) -> set[str]:
        """Names of the field managers in the way, from the causes (`conflict with "NAME" using ...`)."""
        messages = (cause.get("message", "") for cause in self.details.get("causes") or [])
        return {message.split('"')[1] for message in messages if message.startswith("conflict with") and '"' in message}


class NotReadyError(ProviderError):
    """An object exists but did not get ready; `live` is its last known state."""

    def __init__(self, live: Object, reasons: list[str]) -> None:
        self.live = live
        self.reasons = reasons
        super().__init__("\n".join(reasons))


class CancelledError(NotReadyError):
    """The wait was given up because the engine cancelled the run."""
