"""The cluster of a running environment, as its administrator reaches it."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from kubernetes.client import ApiClient
from pydantic import ValidationError

from cairn.environment import Environment
from cairn.errors import UserError
from cairn.profile_file import refuse_moved
from cairn.proxies import pass_by
from cairn.settings import Settings
from catalog.directories import REPOSITORY
from installer.install import ENVIRONMENT
from modules.contract.api import connect, path_of, request
from modules.contract.team import TEAM_LABEL
from modules.validation import load
from profiles.schema import Profile

RECORDED = "merged_profile"
"""The stack's output with the whole profile that it was brought to, files and overrides together, as JSON."""


@dataclass(frozen=True)
class Connection:
    """A client with the stack's outputs; both hold secrets."""

    client: ApiClient
    kubeconfig: str = field(repr=False)
    outputs: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Cluster:
    """A client with what the stack says about it. `kubeconfig` is a secret."""

    client: ApiClient
    kubeconfig: str = field(repr=False)
    profile: Profile
    profile_name: str
    outputs: dict[str, Any] = field(repr=False)


def reach(environment: Environment) -> Cluster:
    """A client for the environment's cluster; nothing is sent to it yet."""
    connection = connected(environment)
    settings = environment.settings()
    return Cluster(
        client=connection.client,
        kubeconfig=connection.kubeconfig,
        profile=profile_of(environment.name, settings, connection.outputs),
        profile_name=settings.profile,
        outputs=connection.outputs,
    )


def connected(environment: Environment) -> Connection:
    """The same, whatever became of its profile."""
    environment.stack()
    outputs = environment.outputs()
    if not outputs.get("kubeconfig"):
        raise UserError(f"environment {environment.name} has no cluster yet", fix=f"cairn up --name {environment.name}")
    kubeconfig = str(outputs["kubeconfig"])
    with suppress(ValidationError):
        pass_by(Profile.model_validate_json(outputs.get(RECORDED, "")))
    return Connection(connect(kubeconfig), kubeconfig, outputs)


def profile_of(environment: str, settings: Settings, outputs: dict[str, Any]) -> Profile:
    """The profile that the environment was last brought to, as the state has it; else, as its file says now."""
    with suppress(ValidationError):  # An earlier checkout's schema may have been another.
        if outputs.get(RECORDED):
            return Profile.model_validate_json(outputs[RECORDED])
    refuse_moved(environment, settings.profile)
    return load(settings.profile, settings.set, REPOSITORY)


def namespaces(client: ApiClient, environment: str, teams: bool = False) -> frozenset[str]:
    """The namespaces on the cluster that the environment made; only those of teams, if wanted so."""
    selector = f"{ENVIRONMENT}={environment}" + (f",{TEAM_LABEL}" if teams else "")
    path = f"{path_of('v1', 'namespaces')}?labelSelector={quote(selector)}"
    return frozenset(each["metadata"]["name"] for each in request(client, "GET", path)["items"])
