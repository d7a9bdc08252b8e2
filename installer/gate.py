"""A resource that is made when a module serves: what comes after it may rely on the module."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pulumi
from kubernetes.client import ApiClient
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from installer.events import warnings
from installer.presence import absent
from installer.ready import evaluate
from installer.release import make_again, names
from modules.contract.api import ApiError, connect, request
from modules.contract.checks import from_data

LOOK_SECONDS = 15
"""How often a gate that stays shut looks whether all that its release installed is there."""
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
        _wait(props, LOOK_SECONDS)
        return CreateResult(id_=props["module"], outs=_remembered(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Wait again for other contents, other checks, another cluster, or what no longer serves.

        A kubeconfig whose bytes changed is none of these; something gone of what its release installed is one.
        """
        changed = any(olds.get(key) != news.get(key) for key in ("contents", "checks", "cluster"))
        return DiffResult(changes=changed or not _serves(news))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """As create; what a release lacks is made again first."""
        _wait(news, 0)
        return UpdateResult(outs=_remembered(news))


class Ready(Resource, module="cairn", name="Ready"):
    """Made when every check holds; fails after `seconds`, with the reasons."""

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """`props`: module, namespace, kubeconfig (secret), cluster (its identifier), contents, seconds and checks.

        The checks are `modules.contract.checks.to_data`. Where the module has a release: `release`, its name, and
        `installed`, its output `resourceNames`.
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
    try:
        return all(evaluate(check, client).ok for check in from_data(props["checks"])) and not _lacks(props, client)
    except ApiError:
        return False


def _lacks(props: dict[str, Any], client: ApiClient) -> bool:
    """Whether something that the module's release installed is gone."""
    installed = props.get("installed")
    return isinstance(installed, dict) and bool(absent(client, names(installed)))


def _wait(props: dict[str, Any], look: float) -> None:
    """Wait until every check holds. From `look` seconds on, what the release lacks is made again.

    Looking costs requests, and what was just installed is there: the usual wait ends before it.
    """
    client = connect(props["kubeconfig"])
    checks = from_data(props["checks"])
    begun = time.monotonic()
    deadline = begun + float(props["seconds"])
    while True:
        if props.get("release") and time.monotonic() >= begun + look:
            with suppress(ApiError):  # An API server that doesn't answer shows in the checks.
                make_again(client, props["release"], props["namespace"])
            look += LOOK_SECONDS
        missing = [result.why for check in checks if not (result := evaluate(check, client)).ok]
        if not missing:
            return
        if time.monotonic() > deadline:
            said = warnings(client, props["namespace"]) if props["namespace"] else []
            lines = [f"{props['module']} is not ready after {int(props['seconds'])} s:", *missing]
            raise NotReadyError("\n  ".join([*lines, *(f"event: {line}" for line in said)]))
        time.sleep(_POLL_SECONDS)
