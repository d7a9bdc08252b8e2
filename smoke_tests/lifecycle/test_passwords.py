"""Passwords that live in two places: whatever draws one anew sets it wherever it counts, and locks nobody out.

MLflow's are looked at: a team's stands in its Secret and in MLflow's tables, and MLflow itself has one of the database
and keys of the object store, each in a Secret and in the server. Volumes of these servers are looked at by the way.
"""

import base64
import json
from collections.abc import Iterator
from itertools import count

import pytest

from smoke_tests.lifecycle.inventory import kubeconfig
from smoke_tests.lifecycle.person import Person
from smoke_tests.support import pods
from smoke_tests.support.cluster import SECRET, Cluster
from smoke_tests.support.environment import Environment
from smoke_tests.support.mlflow_pods import ACCESS, Ask, knock
from smoke_tests.support.s3 import s3_pod
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until

NAME = "passwords"
PROFILE = "smoke_tests/lifecycle/passwords.yaml"
RED, BLUE = Team("red", ""), Team("blue", "")
REMEMBERED_SECONDS = 120
"""MLflow takes a password that was right for right for a minute; two pods more on busy cores."""
ASKED = "/api/2.0/mlflow/experiments/search?max_results=1"
KEEP = "s3('PUT', f'/{BUCKET}/kept', 'still here')"
READ = "print(s3('GET', f'/{BUCKET}/kept'))"

pytestmark = [pytest.mark.long, pytest.mark.together("passwords")]
numbers = count()


@pytest.fixture(scope="module")
def cluster(person: Person) -> Iterator[Cluster]:
    """An environment of the tests' own, in which each team has an object in its bucket."""
    try:
        person.runs("up", PROFILE, "--name", NAME)
        environment = Environment(NAME, kubeconfig(person, NAME), PROFILE)
        made = Cluster(environment, environment.kubeconfig)
        for team in (RED, BLUE):
            pods.output(made, s3_pod("keeps", team, KEEP))
        yield made
    finally:
        person.tries("down", "--name", NAME, "--yes")


def password(cluster: Cluster, team: Team) -> str:
    """What stands in the team's Secret."""
    found = cluster.get(SECRET, ACCESS, team.namespace)
    assert found is not None
    return base64.b64decode(found["data"]["MLFLOW_TRACKING_PASSWORD"]).decode()


def answers(cluster: Cluster, team: Team, *whos: str) -> list[str]:
    """What MLflow says to a job of the team that comes as each of these; by default with what is in its Secret."""
    asks = [Ask(ASKED, who) for who in whos or ("TEAM:PASSWORD",)]
    return pods.output(cluster, knock(f"asks-{next(numbers)}", team, asks)).split()


def test_what_was_off_and_is_on_again_lets_every_team_in(person: Person, cluster: Cluster) -> None:
    before = password(cluster, RED)
    assert [answers(cluster, team) for team in (RED, BLUE)] == [["200"], ["200"]]
    person.runs("up", "--name", NAME, "--without", "tracking", "--yes")
    assert "MLFLOW_TRACKING_PASSWORD" not in (cluster.get(SECRET, ACCESS, RED.namespace) or {})["data"]
    person.runs("up", "--name", NAME, "--unset", "modules.tracking")
    assert password(cluster, RED) != before
    assert [answers(cluster, team) for team in (RED, BLUE)] == [["200"], ["200"]]
    assert answers(cluster, RED, f"TEAM:{before}") == ["401"]


def test_a_password_that_is_drawn_anew_is_the_only_one_that_opens_and_shuts_nobody_out(
    person: Person, cluster: Cluster
) -> None:
    before, others = password(cluster, RED), password(cluster, BLUE)
    done = json.loads(person.runs("password", "rotate", "tracking-red", "--name", NAME, "--json"))
    assert done["passwords"] == ["tracking-red"]
    assert password(cluster, RED) != before
    assert answers(cluster, RED) == ["200"]
    old = f"TEAM:{before}"
    until(lambda: answers(cluster, RED, old) == ["401"], REMEMBERED_SECONDS, "the old password to be refused")
    assert password(cluster, BLUE) == others
    assert answers(cluster, BLUE) == ["200"]


def test_all_passwords_drawn_anew_at_once_let_every_team_in(person: Person, cluster: Cluster) -> None:
    known = json.loads(person.runs("password", "list", "--name", NAME, "--json"))["passwords"]
    before = password(cluster, BLUE)
    done = json.loads(person.runs("password", "rotate", "--all", "--name", NAME, "--json"))
    assert sorted(done["passwords"]) == sorted(known)
    for team in (RED, BLUE):
        assert answers(cluster, team) == ["200"]
        assert pods.output(cluster, s3_pod("reads", team, READ)).strip() == "still here"
    old = f"TEAM:{before}"
    until(lambda: answers(cluster, BLUE, old) == ["401"], REMEMBERED_SECONDS, "the old password to be refused")
    assert person.changes(NAME) == []


def test_a_preview_says_that_a_volume_whose_class_cant_grow_stays_as_it_is(person: Person, cluster: Cluster) -> None:
    done = person.tries("preview", "--name", NAME, "--set", "modules.object_store.size=20Gi")
    assert done.returncode == 0, done.stderr
    said = " ".join(f"{done.stdout} {done.stderr}".split())
    assert "the volume object-store/data-object-store-0 stays at 10Gi" in said
