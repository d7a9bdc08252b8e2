"""Pods start anew when a Secret or ConfigMap that they read changes, and for nothing else."""

from typing import Any

import pytest

from installer.reads import READS, contents, digests, marked
from modules.contract.api import Object
from modules.contract.credentials import Password, value
from modules.data import database, object_store, online_store
from modules.models import tracking
from modules.parts.server import config_map, from_secret, job, secret, server
from modules.people.teams import access_objects
from modules.registry import team_part
from profiles.load import load

LAPTOP = load("laptop")
SECRET = secret("keys", "here", {"password": Password("mine")})
PROGRAM = config_map("program", "here", {"run.sh": "true"})


def digest(made: Object, known: list[Object], text: str = "drawn") -> str | None:
    found = digests([marked(made, contents(known))])
    return value(found[0], lambda _: text) if found else None


def pod(**spec: Any) -> Object:
    return {"containers": [{"name": "x", **spec}]}


@pytest.mark.parametrize(
    "spec",
    [
        pod(env=[from_secret("PASSWORD", "keys", "password")]),
        pod(envFrom=[{"secretRef": {"name": "keys"}}]),
        {**pod(), "volumes": [{"name": "keys", "secret": {"secretName": "keys"}}]},
        {**pod(), "volumes": [{"name": "k", "projected": {"sources": [{"secret": {"name": "keys"}}]}}]},
    ],
    ids=["a variable", "all variables", "a volume", "a projected volume"],
)
def test_whoever_reads_a_secret_starts_anew_with_another_password_in_it(spec: Object) -> None:
    for made in (job("x", "here", spec), server("x", "here", "1Gi", spec)):
        first, again, other = (digest(made, [SECRET], text) for text in ("drawn", "drawn", "drawn anew"))
        assert first == again != other
        assert first is not None
        assert "drawn" not in first


def test_whoever_runs_a_program_starts_anew_with_another_program() -> None:
    made = job("x", "here", {**pod(), "volumes": [{"name": "p", "configMap": {"name": "program"}}]})
    changed = config_map("program", "here", {"run.sh": "false"})
    assert digest(made, [PROGRAM]) != digest(made, [changed])


def test_what_a_pod_does_not_read_changes_nothing() -> None:
    made = job("x", "here", pod(env=[from_secret("PASSWORD", "keys", "password")]))
    elsewhere = secret("keys", "elsewhere", {"password": Password("other")})
    assert digest(made, [elsewhere, PROGRAM]) is None
    assert marked(made, contents([elsewhere])) == made
    assert marked(SECRET, contents([SECRET])) == SECRET
    assert digest(made, [SECRET]) == digest(made, [SECRET, elsewhere, PROGRAM])


def test_the_annotation_says_which_credentials_it_follows_and_not_what_they_are() -> None:
    made = marked(job("x", "here", pod(envFrom=[{"secretRef": {"name": "keys"}}])), contents([SECRET]))
    assert str(made["spec"]["template"]["metadata"]["annotations"][READS]) == "<digest of <password mine>>"


@pytest.mark.parametrize(
    ("module", "kind", "passwords"),
    [
        (object_store, "StatefulSet", {"object-store-administrator"}),
        (database, "StatefulSet", {"database-administrator"}),
        (online_store, "StatefulSet", {"online-store"}),
        (
            tracking,
            "Deployment",
            {"tracking-administrator", "tracking-session", "database-tracking", "object-store-tracking"},
        ),
    ],
)
def test_each_server_follows_every_password_that_it_reads(module: Any, kind: str, passwords: set[str]) -> None:
    objects = module.MODULE.objects(LAPTOP)
    [made] = [each for each in objects if each["kind"] == kind]
    named = str(marked(made, contents(objects))["spec"]["template"]["metadata"]["annotations"][READS])
    assert {password for password in passwords if f"<password {password}>" in named} == passwords


def test_each_job_that_makes_an_account_follows_the_password_that_it_sets() -> None:
    objects = access_objects("red", team_part("red", LAPTOP))
    jobs = [marked(made, contents(objects)) for made in objects if made["kind"] == "Job"]
    followed = [str(each["spec"]["template"]["metadata"]["annotations"][READS]) for each in jobs]
    assert sorted(followed) == [
        "<digest of <password database-features-red>>",
        "<digest of <password object-store-red>>",
        "<digest of <password tracking-red>>",
    ]
