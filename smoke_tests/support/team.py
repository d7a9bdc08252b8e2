"""Throwaway teams, made from the same objects as a profile's own teams."""

import functools
import secrets
from dataclasses import dataclass

import yaml
from kubernetes.client import AuthenticationV1TokenRequest, CoreV1Api, V1TokenRequestSpec

from modules.contract.api import ApiError, Object
from modules.contract.credentials import Credential, filled, value
from modules.contract.team import PLATFORMS
from modules.people.teams import access_objects, team_objects
from modules.registry import team_part
from profiles import teams as profile_teams
from profiles.schema import Profile
from smoke_tests.support.cluster import (
    CLUSTER_QUEUE,
    JOB,
    LOCAL_QUEUE,
    NAMESPACE,
    SERVICE_ACCOUNT,
    Cluster,
    is_true,
    kind_of,
)
from smoke_tests.support.waiting import until

PREFIX = "smoke-"
"""What the names of throwaway teams begin with."""
MEMBER = "member"
TOKEN_SECONDS = 3600
PROVISION_SECONDS = 120
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
    cluster: Cluster,
    *,
    cpu: str = "2",
    memory: str = "6Gi",
    gpu: int = 16,
    cohort: str | None = None,
    access: bool = False,
) -> Team:
    """Makes a team with so much quota of its own, alone in a cohort unless one is named, and waits until it is active.

    The quota may exceed what the nodes have: only the team's own tests use it. With `access` it gets the Secret of
    that name, and waits for the accounts behind it.
    """
    name = f"{PREFIX}{secrets.token_hex(4)}"
    team = Team(name, cohort or name)
    for manifest in _objects(
        cluster.environment.profile, team, profile_teams.Team.model_validate({"cpu": cpu, "memory": memory, "gpu": gpu})
    ):
        _create(cluster, manifest)
    cluster.wait_for(SERVICE_ACCOUNT, "default", name, bool, 30)
    if cluster.environment.profile.modules.queueing:
        cluster.wait_for(CLUSTER_QUEUE, name, "", lambda queue: is_true(queue, "Active"), 30)
        for queue in cluster.find(LOCAL_QUEUE, name):
            cluster.wait_for(LOCAL_QUEUE, queue["metadata"]["name"], name, lambda queue: is_true(queue, "Active"), 30)
    if access:
        provide(cluster, access_objects(name, team_part(name, cluster.environment.profile)))
    return team


def provide(cluster: Cluster, objects: list[Object]) -> None:
    """Creates what gives somebody an account, with passwords of its own, and waits until its jobs are done."""
    for manifest in filled(objects, made_up):
        _create(cluster, manifest)
    for manifest in objects:
        if manifest["kind"] == "Job":
            name, namespace = manifest["metadata"]["name"], manifest["metadata"]["namespace"]
            cluster.wait_for(JOB, name, namespace, lambda job: is_true(job, "Complete"), PROVISION_SECONDS)


def withdraw(cluster: Cluster, objects: list[Object]) -> None:
    """Deletes what `provide` created outside of a team's namespace, and waits until it is gone."""
    for manifest in objects:
        namespace = manifest["metadata"].get("namespace", "")
        if not namespace.startswith(PREFIX):
            cluster.remove(kind_of(manifest), manifest["metadata"]["name"], namespace)


def made_up(credential: Credential) -> str:
    """A credential's text in a test, where nothing but passwords is made up."""
    return value(credential, lambda source: _password(str(source)))


@functools.cache
def _password(name: str) -> str:
    """The same for the same name in all of a run."""
    del name
    return secrets.token_hex(16)


def _objects(profile: Profile, team: Team, quota: profile_teams.Team) -> list[Object]:
    queueing = profile.modules.queueing
    if queueing is None:
        return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": team.name}}]
    own_cohort = profile.modules.model_copy(update={"queueing": queueing.model_copy(update={"cohort": team.cohort})})
    part = team_part(team.name, profile)
    return team_objects(team.name, quota, profile.model_copy(update={"modules": own_cohort}), part)


def _create(cluster: Cluster, manifest: Object, seconds: float = 30) -> None:
    """Creates the object, labelled as the platform's; a new namespace may not take objects for a moment."""
    metadata = manifest["metadata"]
    manifest = manifest | {"metadata": metadata | {"labels": metadata.get("labels", {}) | dict([PLATFORMS])}}

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
    for manifest in _objects(cluster.environment.profile, team, profile_teams.Team.model_validate({})):
        if "namespace" not in manifest["metadata"]:
            cluster.remove(kind_of(manifest), manifest["metadata"]["name"])
    withdraw(cluster, access_objects(team.name, team_part(team.name, cluster.environment.profile)))


def token(cluster: Cluster, team: Team) -> str:
    """A member's token, which expires."""
    wanted = AuthenticationV1TokenRequest(spec=V1TokenRequestSpec(audiences=[], expiration_seconds=TOKEN_SECONDS))
    made = CoreV1Api(cluster.api).create_namespaced_service_account_token(MEMBER, team.namespace, wanted)
    return str(made.status.token)


def kubeconfig(cluster: Cluster, team: Team) -> str:
    """What a member of the team is given: the cluster's address and a token that expires."""
    content = yaml.safe_load(cluster.kubeconfig)
    chosen = cluster.environment.context or content["current-context"]
    context = next(entry["context"] for entry in content["contexts"] if entry["name"] == chosen)
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": chosen,
            "clusters": [entry for entry in content["clusters"] if entry["name"] == context["cluster"]],
            "users": [{"name": MEMBER, "user": {"token": token(cluster, team)}}],
            "contexts": [
                {
                    "name": chosen,
                    "context": {"cluster": context["cluster"], "user": MEMBER, "namespace": team.namespace},
                }
            ],
        }
    )
