"""Throwaway teams, made from the same objects as a profile's own teams."""

import secrets
from dataclasses import dataclass

import yaml
from kubernetes.client import AuthenticationV1TokenRequest, CoreV1Api, V1TokenRequestSpec

from modules.api import ApiError, Object
from modules.teams import team_objects
from profiles import schema
from profiles.schema import Profile
from smoke_tests.cluster import (
    CLUSTER_QUEUE,
    LOCAL_QUEUE,
    NAMESPACE,
    SERVICE_ACCOUNT,
    Cluster,
    is_true,
    kind_of,
)
from smoke_tests.waiting import until

MEMBER = "member"
TOKEN_SECONDS = 3600
REMOVAL_SECONDS = 180
"""Ray pods get half a minute to end, and their node may be busy."""


@dataclass(frozen=True)
class Team:
    """A namespace with its queue; `cohort` is the group of teams that it lends to and borrows from."""

    name: str
    cohort: str

    @property
    def namespace(self) -> str:
        """Where the team works."""
        return self.name


def make_team(
    cluster: Cluster, *, cpu: str = "2", memory: str = "6Gi", gpu: int = 16, cohort: str | None = None
) -> Team:
    """Makes a team with so much quota of its own, alone in a cohort unless one is named, and waits until it is active.

    The quota may exceed what the nodes have: only the team's own tests use it.
    """
    name = f"smoke-{secrets.token_hex(4)}"
    team = Team(name, cohort or name)
    for manifest in _objects(
        cluster.environment.profile, team, schema.Team.model_validate({"cpu": cpu, "memory": memory, "gpu": gpu})
    ):
        _create(cluster, manifest)
    cluster.wait_for(SERVICE_ACCOUNT, "default", name, bool, 30)
    if cluster.environment.profile.modules.queueing:
        cluster.wait_for(CLUSTER_QUEUE, name, "", lambda queue: is_true(queue, "Active"), 30)
        for queue in cluster.find(LOCAL_QUEUE, name):
            cluster.wait_for(LOCAL_QUEUE, queue["metadata"]["name"], name, lambda queue: is_true(queue, "Active"), 30)
    return team


def _objects(profile: Profile, team: Team, quota: schema.Team) -> list[Object]:
    queueing = profile.modules.queueing
    if queueing is None:
        return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": team.name}}]
    own_cohort = profile.modules.model_copy(update={"queueing": queueing.model_copy(update={"cohort": team.cohort})})
    return list(team_objects(team.name, quota, profile.model_copy(update={"modules": own_cohort})))


def _create(cluster: Cluster, manifest: Object, seconds: float = 30) -> None:
    """Creates the object; a namespace that was just made may not take objects for a moment."""

    def created() -> bool:
        try:
            cluster.create(manifest)
        except ApiError as error:
            assert error.status not in (404, 500, 503), str(error)
            raise
        return True

    until(created, seconds, f"the API server to take {manifest['kind']}")


def remove_team(cluster: Cluster, team: Team) -> None:
    """Deletes everything of the team and waits until it is gone: its namespace first, so that queues are empty."""
    cluster.remove(NAMESPACE, team.namespace, seconds=REMOVAL_SECONDS)
    for manifest in _objects(cluster.environment.profile, team, schema.Team.model_validate({})):
        if "namespace" not in manifest["metadata"]:
            cluster.remove(kind_of(manifest), manifest["metadata"]["name"])


def kubeconfig(cluster: Cluster, team: Team) -> str:
    """What a member of the team is given: the cluster's address and a token that expires."""
    wanted = AuthenticationV1TokenRequest(spec=V1TokenRequestSpec(audiences=[], expiration_seconds=TOKEN_SECONDS))
    made = CoreV1Api(cluster.api).create_namespaced_service_account_token(MEMBER, team.namespace, wanted)
    content = yaml.safe_load(cluster.kubeconfig)
    chosen = cluster.environment.context or content["current-context"]
    context = next(entry["context"] for entry in content["contexts"] if entry["name"] == chosen)
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": chosen,
            "clusters": [entry for entry in content["clusters"] if entry["name"] == context["cluster"]],
            "users": [{"name": MEMBER, "user": {"token": made.status.token}}],
            "contexts": [
                {
                    "name": chosen,
                    "context": {"cluster": context["cluster"], "user": MEMBER, "namespace": team.namespace},
                }
            ],
        }
    )
