"""A resource that is made when a module serves: what comes after it may rely on the module."""

import time
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from modules.api import connect
from modules.checks import from_data
from modules.events import warnings
from modules.ready import evaluate

_POLL_SECONDS = 0.5


class NotReadyError(Exception):
    """A module did not come to serve in time; the text says which checks fail and what the cluster says of it."""


class ReadyProvider(ResourceProvider):
    """Waits in create and update; pickled by reference, so it must stay importable as `modules.gate.ReadyProvider`."""

    # Nothing secret is captured in it, and a secret provider makes every diff of it unreadable.
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait, then remember what was waited for."""
        _wait(props)
        return CreateResult(id_=props["module"], outs=_remembered(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Wait again only for other contents or other checks: never because a kubeconfig's bytes changed."""
        return DiffResult(changes=any(olds.get(key) != news.get(key) for key in ("contents", "checks", "context")))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """As create."""
        _wait(news)
        return UpdateResult(outs=_remembered(news))


class Ready(Resource, module="cairn", name="Ready"):
    """Made when every check holds; fails after `seconds`, with the reasons."""

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """`props`: module, namespace, kubeconfig (secret), checks (`modules.checks.to_data`), contents, seconds."""
        super().__init__(ReadyProvider(), name, dict(props), opts)


def _remembered(props: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key not in ("kubeconfig", "__provider")}


def _wait(props: dict[str, Any]) -> None:
    client = connect(props["kubeconfig"])
    checks = from_data(props["checks"])
    deadline = time.monotonic() + float(props["seconds"])
    while True:
        missing = [result.why for check in checks if not (result := evaluate(check, client)).ok]
        if not missing:
            return
        if time.monotonic() > deadline:
            said = warnings(client, props["namespace"]) if props["namespace"] else []
            lines = [f"{props['module']} is not ready after {int(props['seconds'])} s:", *missing]
            raise NotReadyError("\n  ".join([*lines, *(f"event: {line}" for line in said)]))
        time.sleep(_POLL_SECONDS)
