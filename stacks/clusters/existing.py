"""A cluster that is there already: Cairn adds the platform to it, and leaves alone what it finds."""

from functools import cache
from pathlib import Path

import pulumi
from kubernetes.client import ApiClient

from catalog.directories import REPOSITORY
from catalog.supply import Supply
from modules.api import ApiError, Object, connect, get, path_of, request
from modules.cluster import Cluster
from modules.install import ENVIRONMENT, mark
from modules.module import Module
from modules.ready import evaluate
from modules.registry import enabled, own_images
from profiles.schema import Profile
from stacks.clusters.kubeconfig import portable
from stacks.errors import ClusterError

_ANSWER_SECONDS = 5


def make(profile: Profile, environment: str, supply: Supply) -> Cluster:
    """The cluster that the stack's settings `kubeconfig` and `context` name. Raises ClusterError if it can't be used.

    Its nodes pull images by themselves, so with the supply `source` they must already be able to reach a registry
    that has them; charts come from the catalog under both supplies. With `upstream`, what nobody publishes is refused.
    """
    if supply is Supply.UPSTREAM and (images := own_images(profile)):
        raise ClusterError(
            f"nobody publishes {', '.join(images)}, so the nodes can't pull them: turn the modules off that use them, "
            "or give the nodes a registry that holds every image of the catalog: pulumi config set supply source"
        )
    config = pulumi.Config()
    path = config.get("kubeconfig")
    if not path:
        raise ClusterError("the provider `existing` needs a kubeconfig: pulumi config set kubeconfig PATH")
    # A relative path is meant from the checkout, where `pulumi` is run, not from the program's directory.
    kubeconfig = portable(REPOSITORY / Path(path).expanduser(), config.get("context"))
    return look(connect(kubeconfig), kubeconfig, path, profile, environment)


def look(client: ApiClient, kubeconfig: str, path: str, profile: Profile, environment: str) -> Cluster:
    """Ask the cluster what it is and what it has."""
    try:
        namespace = request(client, "GET", path_of("v1", "namespaces", "kube-system"), timeout_seconds=_ANSWER_SECONDS)
    except ApiError as error:
        server = client.configuration.host
        if error.status in (401, 403):
            raise ClusterError(
                f"{server} refuses the user of {path}: {error}; an administrator's kubeconfig is needed: "
                "pulumi config set kubeconfig PATH"
            ) from None
        raise ClusterError(
            f"{server} does not answer: {error}; is the cluster up, and is {path} its kubeconfig? "
            "pulumi config set kubeconfig PATH"
        ) from None
    found = _Found(client, environment)
    return Cluster(
        kubeconfig=pulumi.Output.secret(kubeconfig),
        identifier=namespace["metadata"]["uid"],
        present=frozenset(module.name for module in enabled(profile) if found.is_present(module)),
        is_foreign=found.is_foreign,
    )


class _Found:
    """What is on a cluster that this environment did not put there."""

    def __init__(self, client: ApiClient, environment: str) -> None:
        self._client = client
        self._environment = environment
        self._plurals = cache(self._ask_plurals)

    def is_present(self, module: Module) -> bool:
        """Whether somebody else has installed what the module would: it is there without a sign of Cairn's own."""
        if module.namespace:
            place = mark(module.namespace)["metadata"]
            signs = (
                path_of("v1", "namespaces", module.namespace),
                path_of("v1", "configmaps", place["name"], place["namespace"]),
            )
            if any(self._is_ours(get(self._client, sign)) for sign in signs):
                return False
        return any(evaluate(check, self._client).ok for check in module.foreign)

    def is_foreign(self, made: Object) -> bool:
        """Whether an object of this kind and name exists and does not carry this environment's label."""
        plural = self._plurals(made["apiVersion"]).get(made["kind"])
        if plural is None:
            return False
        metadata = made["metadata"]
        path = path_of(made["apiVersion"], plural, metadata["name"], metadata.get("namespace", ""))
        live = get(self._client, path)
        return live is not None and not self._is_ours(live)

    def _is_ours(self, live: Object | None) -> bool:
        labels = live["metadata"].get("labels") or {} if live else {}
        return labels.get(ENVIRONMENT) == self._environment

    def _ask_plurals(self, api_version: str) -> dict[str, str]:
        """The kinds of an API version and their names in paths; empty if the cluster doesn't have it (yet)."""
        listed = get(self._client, path_of(api_version, "").rstrip("/")) or {"resources": []}
        return {each["kind"]: each["name"] for each in listed["resources"] if "/" not in each["name"]}
