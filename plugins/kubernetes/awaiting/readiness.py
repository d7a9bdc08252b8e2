"""What one look at an object says about its readiness."""

from collections.abc import Callable
from dataclasses import dataclass

from plugins.kubernetes.errors import Object


@dataclass(frozen=True)
class Readiness:
    """Ready, or what it waits for; `failed` when waiting longer can't help."""

    ready: bool
    waiting_for: str = ""
    failed: bool = False


READY = Readiness(True)

# Reads objects that a rule needs beside its own: (api version, kind, namespace, label selector) -> objects.
Lister = Callable[[str, str, str, str], list[Object]]
# A rule may keep what it saw between looks; each wait makes its own.
Rule = Callable[[Object, Lister], Readiness]


def waiting(reason: str) -> Readiness:
    """Not ready yet."""
    return Readiness(False, reason)


def failed(reason: str) -> Readiness:
    """Never going to be ready."""
    return Readiness(False, reason, failed=True)
