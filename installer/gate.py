"""A resource that is made when a module serves: what comes after it may rely on the module."""

import time
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from installer.events import warnings
from installer.ready import evaluate
from modules.contract.api import ApiError, connect, request
from modules.contract.checks import from_data

_POLL_SECONDS = 0.5
_ANSWER_SECONDS = 3
"""How long a diff waits for an API server: a machine that was rebooted may have nobody at that address."""


class NotReadyError(Exception):
    """A module did not come to serve in time; the text says which checks fail and what the cluster says of it."""


class ReadyProvider(ResourceProvider):
    """Waits in create and update. Pickled by reference: it must stay importable as `installer.gate.ReadyProvider`."""

    # Nothing secret is captured in it, and a secret provider makes every diff of it unreadable.
    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait, then remember what was waited for."""
        _wait(props)
        return CreateResult(id_=props["module"], outs=_remembered(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Wait again for other contents, other checks, another cluster, or what no longer serves.

        A kubeconfig whose bytes changed is none of these.
        """
        changed = any(olds.get(key) != news.get(key) for key in ("contents", "checks", "cluster"))
        return DiffResult(changes=changed or not _serves(news))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """As create."""
        _wait(news)
        return UpdateResult(outs=_remembered(news))


class Ready(Resource, module="cairn", name="Ready"):
    """Made when every check holds; fails after `seconds`, with the reasons."""

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """`props`: module, namespace, kubeconfig (secret), cluster (its identifier), contents, seconds and checks.

        The checks are `modules.contract.checks.to_data`.
        """
        super().__init__(ReadyProvider(), name, dict(props), opts)


def _remembered(props: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key not in ("kubeconfig", "__provider")}


def _serves(props: dict[str, Any]) -> bool:
    """Whether every check holds now; a preview in which the cluster is yet to be made can't tell, and says no."""
    if not isinstance(props.get("kubeconfig"), str):
        return False
    try:
        client = connect(props["kubeconfig"])
        request(client, "GET", "/version", timeout_seconds=_ANSWER_SECONDS)
    except ApiError:
        return False
    return all(evaluate(check, client).ok for check in from_data(props["checks"]))


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
