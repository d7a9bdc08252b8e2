"""The journeys: new members of a team, with that team's kubeconfig alone, follow a page of the docs to its end."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.directories import REPOSITORY
from modules.cluster.gateway import addresses
from modules.parts.routes import host, team_hosts
from smoke_tests.support import example
from smoke_tests.support.cluster import (
    CONFIG_MAP,
    CRON_JOB,
    HTTP_ROUTE,
    JOB,
    RAY_CLUSTER,
    TRAIN_JOB,
    Cluster,
    kind_of,
)
from smoke_tests.support.environment import Environment
from smoke_tests.support.models import INFERENCE_SERVICE
from smoke_tests.support.newcomer import Newcomer, steps
from smoke_tests.support.waiting import until

TUTORIAL = REPOSITORY / "docs" / "tutorial-journey.md"
OWN = ("tumour", "evaluation")
"""The hosts that the team gives its model and its Ray cluster."""


@pytest.fixture
def team(environment: Environment) -> str:
    """The profile's first team, whose kubeconfig `cairn kubeconfig` makes."""
    team = next(iter(environment.profile.teams), None)
    if team is None or not environment.made_by_cairn:
        pytest.skip("needs an environment of Cairn with a team")
    return team


@pytest.fixture
def batcher(tmp_path: Path, environment: Environment, cluster: Cluster, team: str) -> Iterator[Newcomer]:
    """A member whose Ray batch is gone afterwards."""
    yield Newcomer(tmp_path, environment, team)
    for manifest in example.manifests(team):
        cluster.remove(kind_of(manifest), example.NAME, team)
    until(lambda: not cluster.find(RAY_CLUSTER, team), 120, "the batch's Ray cluster to be gone")


@pytest.fixture
def scientist(tmp_path: Path, environment: Environment, cluster: Cluster, team: str) -> Iterator[Newcomer]:
    """A member whose machine knows the platform's names; all that the journey made is gone afterwards."""
    profile = environment.profile
    [address, *_] = addresses(profile)
    names = [
        *(host(name, profile) for name in ("s3", "tracking", "features")),
        *(f"{name}{team_hosts(team, profile)}" for name in OWN),
    ]
    yield Newcomer(tmp_path, environment, team, dict.fromkeys(names, address))
    for kind in (HTTP_ROUTE, INFERENCE_SERVICE, RAY_CLUSTER, TRAIN_JOB, CRON_JOB, JOB, CONFIG_MAP):
        for found in cluster.find(kind, team):
            if found["metadata"]["name"].startswith((*OWN, "features", "materialise")):
                cluster.remove(kind, found["metadata"]["name"], team)


def test_a_new_member_submits_the_example_watches_it_and_fetches_its_result(
    batcher: Newcomer, environment: Environment
) -> None:
    get_access, submit, watch, fetch, clean_up = steps(example.DIRECTORY / "README.md")
    batcher.follow(get_access)
    batcher.follow(submit)
    assert "rayjob.ray.io/ray-batch" in batcher.follow(watch)

    result = json.loads(batcher.follow(fetch))
    assert result == json.loads((batcher.home / "result.json").read_text())
    assert result["records"] == sum(part["records"] for part in result["parts"]) > 0
    assert len({part["node"] for part in result["parts"]}) == 2
    assert kinds(environment, result["parts"])

    batcher.follow(clean_up)
    assert "ray-batch" not in batcher.follow("kubectl get rayjobs,configmaps --output=name")


@pytest.mark.long
@pytest.mark.needs("gateway", "tracking", "features", "training", "serving")
def test_a_team_goes_from_raw_data_to_a_canary_of_a_retrained_model(
    scientist: Newcomer, environment: Environment
) -> None:
    follow = scientist.follow
    access, land, prepare, train, evaluate, promote, serve, predict, knock, again, retrain, canary, tidy = steps(
        TUTORIAL
    )
    assert "https://features." in follow(access)
    assert "landed 569 patients" in follow(land)
    assert "569 rows at s3://" in follow(prepare)

    trained = facts(follow(train))
    assert [part["workers"] for part in trained["WORKER"]] == [2, 2]
    assert kinds(environment, trained["WORKER"])
    assert trained["RESULT"][0]["accuracy"] > 0.9
    first = trained["RESULT"][0]["version"]
    [drawn] = facts(follow(renumbered(evaluate, first, "")))["RESULT"]
    assert drawn["accuracy"] == pytest.approx(trained["RESULT"][0]["accuracy"])
    assert drawn["low"] < drawn["accuracy"] < drawn["high"]
    assert f"tumour version {first} is champion" in follow(renumbered(promote, first, ""))
    follow(renumbered(serve, first, ""))

    [before] = documents(follow(predict))
    assert before["version"] == first
    assert before["equals_the_registered_model"]
    assert before["benign"] == {"0": 0, "20": 1, "150": 1}
    assert follow(knock).strip() == "401"

    # The same patients, measured again by an instrument that reads a tenth higher, and materialised.
    [after] = documents(follow(again))
    assert after["equals_the_registered_model"]
    assert after["benign"] == {"0": 0, "20": 1, "150": 0}
    for patient, features in after["features"].items():
        for name, value in features.items():
            assert value == pytest.approx(before["features"][patient][name] * 1.1, rel=1e-4)

    second = facts(follow(retrain))["RESULT"][0]["version"]
    assert int(second) > int(first)
    shared, named = documents(follow(renumbered(canary, first, second)))
    assert set(shared["answers_by_version"]) == {first, second}
    # Of a hundred requests twenty: four standard deviations are sixteen.
    assert 4 <= shared["answers_by_version"][second] <= 36
    assert named["answers_by_version"] == {second: 1}
    assert named["equals_the_registered_model"]
    follow(renumbered(tidy, first, second))


def facts(said: str) -> dict[str, list[dict[str, Any]]]:
    """What a training said: the JSON of its lines, by their first word."""
    found: dict[str, list[dict[str, Any]]] = {"WORKER": [], "RESULT": []}
    for line in said.splitlines():
        word, _, rest = line.partition(" ")
        if word in found:
            found[word].append(json.loads(rest))
    return found


def documents(said: str) -> list[dict[str, Any]]:
    """The JSON documents in an output."""
    decoder, found, place = json.JSONDecoder(), [], said.find("{")
    while place >= 0:
        document, end = decoder.raw_decode(said, place)
        found.append(document)
        place = said.find("{", end)
    return found


def renumbered(step: str, first: str, second: str) -> str:
    """A block for the versions that were registered here: the page calls them 1 and 2."""
    numbers = {"1": first, "2": second}
    return re.sub(
        r"((?:promote|evaluate)\.py | (?=\d=)|--version |tumour-v)([12])\b",
        lambda found: found[1] + numbers[found[2]],
        step,
    )


def kinds(environment: Environment, parts: list[dict[str, Any]]) -> bool:
    """Whether each part says of its devices what the profile's mode means."""
    chosen = environment.profile.modules.accelerators
    assert chosen is not None
    return {part["accelerators"] for part in parts} == {"SIMULATED" if chosen.mode == "simulated" else "REAL"}
