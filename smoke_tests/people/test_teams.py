"""The teams: a member works in the own namespace, through the own queue, and sees nothing of anybody else's."""

import base64
import json
import subprocess
from collections.abc import Callable
from functools import partial

import pytest
import yaml

from catalog.directories import REPOSITORY
from modules.contract.api import ApiError, connect, path_of, request
from smoke_tests.support import pods
from smoke_tests.support.cluster import (
    CLUSTER_QUEUE,
    JOB,
    LOCAL_QUEUE,
    NAMESPACE,
    NODE,
    POD,
    RAY_JOB,
    SECRET,
    WORKLOAD,
    Cluster,
    Kind,
    is_true,
)
from smoke_tests.support.environment import CAIRN, Environment
from smoke_tests.support.team import MEMBER, Team
from smoke_tests.support.waiting import COMMAND_SECONDS, until
from smoke_tests.support.workload import job

SECRET_WORD = "nobody else reads this"
OWN = (JOB, POD, SECRET, RAY_JOB, WORKLOAD, LOCAL_QUEUE)


@pytest.fixture
def others(cluster: Cluster, teams: Callable[..., Team]) -> Team:
    """A team with a secret and a job."""
    team = teams()
    hidden = base64.b64encode(SECRET_WORD.encode()).decode()
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "hidden", "namespace": team.namespace},
            "data": {"word": hidden},
        }
    )
    cluster.create(job("theirs", team.namespace, "print('theirs')"))
    return team


def test_teams_is_ready(ready: Callable[[str], None]) -> None:
    ready("teams")


def test_a_member_submits_a_job_and_reads_its_output(member: Cluster, team: Team) -> None:
    member.create(job("mine", team.namespace, "print('hello')"))
    member.wait_for(JOB, "mine", team.namespace, lambda found: is_true(found, "Complete"), pods.PULL_SECONDS)
    (pod,) = member.find(POD, team.namespace, "job=mine")
    assert member.logs(pod["metadata"]["name"], team.namespace).strip() == "hello"
    assert member.find(WORKLOAD, team.namespace)


def test_a_member_reads_nothing_of_another_team(member: Cluster, others: Team) -> None:
    for kind in OWN:
        refused(partial(member.find, kind, others.namespace), kind)
    refused(lambda: member.get(SECRET, "hidden", others.namespace), SECRET)
    refused(lambda: member.get(JOB, "theirs", others.namespace), JOB)


def test_a_member_lists_nothing_of_the_whole_cluster(member: Cluster) -> None:
    for kind in (*OWN, NAMESPACE, NODE, CLUSTER_QUEUE):
        refused(partial(member.find, kind), kind)


def test_a_member_puts_nothing_into_another_team(member: Cluster, others: Team) -> None:
    refused(lambda: member.create(job("intruder", others.namespace), dry_run=True), JOB)
    refused(lambda: member.delete(JOB, "theirs", others.namespace), JOB)


def test_a_member_cannot_change_what_the_team_may_use(member: Cluster, team: Team) -> None:
    refused(lambda: member.delete(CLUSTER_QUEUE, team.name), CLUSTER_QUEUE)
    refused(lambda: member.delete(LOCAL_QUEUE, "default", team.namespace), LOCAL_QUEUE)


@pytest.mark.parametrize("verb", ["update", "patch"])
def test_a_member_cannot_lift_the_gate_that_holds_a_pod_in_the_queue(member: Cluster, team: Team, verb: str) -> None:
    assert not member.may(namespace=team.namespace, verb=verb, resource="pods")


def test_a_members_kubeconfig_expires_when_it_was_said_to(environment: Environment) -> None:
    name = next(iter(environment.profile.teams), None)
    if name is None or not environment.made_by_cairn:
        pytest.skip("needs an environment of Cairn with a team, whose kubeconfig `cairn kubeconfig` makes")
    words = ("kubeconfig", "--team", name, "--duration", "30m", "--name", environment.name)
    done = subprocess.run(
        [*CAIRN, *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True
    )
    [user] = yaml.safe_load(done.stdout)["users"]
    payload = user["user"]["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == 30 * 60
    assert claims["sub"] == f"system:serviceaccount:{name}:{MEMBER}"


def cairn(*words: str) -> str:
    """What a command of Cairn's prints."""
    done = subprocess.run(
        [*CAIRN, *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True
    )
    return done.stdout


def works(kubeconfig: str, path: str) -> bool:
    """Whether the API server lets the kubeconfig's user read a list."""
    try:
        request(connect(kubeconfig), "GET", path)
    except ApiError as error:
        assert error.status in (401, 403), error
        return False
    return True


@pytest.mark.parametrize("whose", ["team", "administrator"])
def test_what_was_handed_out_works_until_it_is_withdrawn(environment: Environment, whose: str) -> None:
    name = next(iter(environment.profile.teams), None)
    if name is None or not environment.made_by_cairn:
        pytest.skip("needs an environment of Cairn with a team, whose kubeconfig `cairn kubeconfig` makes")
    here = ("--name", environment.name)
    words = ("--team", name) if whose == "team" else ()
    path = path_of("v1", "pods", namespace=name) if whose == "team" else path_of("v1", "nodes")
    taken, kept = (json.loads(cairn("kubeconfig", *words, "--duration", "30m", "--json", *here)) for _ in range(2))
    try:
        assert works(taken["kubeconfig"], path) and works(kept["kubeconfig"], path)
        assert taken["name"] in {each["name"] for each in json.loads(cairn("access", "list", "--json", *here))}
        cairn("access", "withdraw", taken["name"], *here)
        # The API server remembers for ten seconds that a token was good.
        until(lambda: not works(taken["kubeconfig"], path) or None, 20, "the kubeconfig to be refused")
        assert works(kept["kubeconfig"], path)
    finally:
        cairn("access", "withdraw", kept["name"], *here)


def test_a_member_gets_no_token_that_lasts(member: Cluster, team: Team) -> None:
    lasting = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": "lasting",
            "namespace": team.namespace,
            "annotations": {"kubernetes.io/service-account.name": MEMBER},
        },
    }
    with pytest.raises(ApiError, match="cairn kubeconfig --team") as error:
        member.create(lasting)
    assert error.value.status == 403
    member.create(lasting | {"type": "Opaque"})
    for name in (MEMBER, "default"):
        token = {"resource": "serviceaccounts", "subresource": "token", "name": name}
        assert not member.may(namespace=team.namespace, verb="create", **token)


def refused(attempt: Callable[[], object], kind: Kind) -> None:
    """Holds the API server to answering "forbidden"."""
    with pytest.raises(ApiError, match="forbidden") as error:
        attempt()
    assert error.value.status == 403, kind.resource
