"""The cluster of a running environment, as its administrator reaches it."""

from dataclasses import dataclass, field
from typing import Any

from kubernetes.client import ApiClient

from cairn.environment import Environment
from cairn.errors import UserError
from cairn.proxies import pass_by
from catalog.directories import REPOSITORY
from modules.api import connect
from profiles.load import load
from profiles.schema import Profile


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
    environment.stack()
    outputs = environment.outputs()
    if not outputs.get("kubeconfig"):
        raise UserError(f"environment {environment.name} has no cluster yet", fix=f"cairn up --name {environment.name}")
    settings = environment.settings()
    profile = load(settings.profile, settings.set, REPOSITORY)
    pass_by(profile)
    kubeconfig = str(outputs["kubeconfig"])
    return Cluster(
        client=connect(kubeconfig),
        kubeconfig=kubeconfig,
        profile=profile,
        profile_name=settings.profile,
        outputs=outputs,
    )
