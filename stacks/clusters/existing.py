"""A cluster that is there already: Cairn adds the platform to it, and leaves alone what it finds."""

from functools import cache

import pulumi
from kubernetes.client import ApiClient

from catalog.directories import REPOSITORY
from catalog.supply import Supply
from installer.install import ENVIRONMENT, mark
from installer.presence import kinds
from installer.ready import evaluate
from modules.contract.api import ApiError, Object, connect, get, path_of, request
from modules.contract.cluster import Cluster
from modules.contract.module import Module
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
    kubeconfig = portable(path, config.get("context"), REPOSITORY)
    return look(connect(kubeconfig), kubeconfig, path, profile, environment)


def look(client: ApiClient, kubeconfig: str, path: str, profile: Profile, environment: str) -> Cluster:
    """Ask the cluster what it is and what it has."""
    identifier = identify(client, path)
    found = _Found(client, environment)
    for team in profile.teams:
        _refuse_anothers_namespace(team, found, path, environment)
    return Cluster(
        kubeconfig=pulumi.Output.secret(kubeconfig),
        identifier=identifier,
        present=frozenset(module.name for module in enabled(profile) if found.is_present(module)),
        is_foreign=found.is_foreign,
    )


def identify(client: ApiClient, path: str) -> str:
    """What tells this cluster from another; `path` is its kubeconfig's. Raises ClusterError if it can't be asked."""
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
    return str(namespace["metadata"]["uid"])


def _refuse_anothers_namespace(team: str, found: "_Found", path: str, environment: str) -> None:
    """Raise ClusterError for a team whose Namespace somebody else made: quota and isolation go by labels of ours."""
    if not found.is_foreign({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": team}}):
        return
    label = f"{ENVIRONMENT}={environment}"
    raise ClusterError(
        f"the namespace {team} is there already, and not this environment's: neither quota nor isolation of the team "
        f"{team} would hold in it. Give the team another name; or hand the namespace over, which `cairn down` then "
        f"deletes with all that is in it: kubectl --kubeconfig {path} label namespace {team} {label} --overwrite"
    )


class _Found:
    """What is on a cluster that this environment did not put there."""

    def __init__(self, client: ApiClient, environment: str) -> None:
        self._client = client
        self._environment = environment
        self._kinds = cache(lambda api_version: kinds(client, api_version))

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
        kind = self._kinds(made["apiVersion"]).get(made["kind"])
        if kind is None:
            return False
        metadata = made["metadata"]
        path = path_of(made["apiVersion"], kind.plural, metadata["name"], metadata.get("namespace", ""))
        live = get(self._client, path)
        return live is not None and not self._is_ours(live)

    def _is_ours(self, live: Object | None) -> bool:
        labels = live["metadata"].get("labels") or {} if live else {}
        return labels.get(ENVIRONMENT) == self._environment
