"""What a member may do by kubectl and what not, row by row of the table in docs/modules/people/teams.md."""

import argparse
import itertools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from smoke_tests.support.cluster import Cluster
from smoke_tests.support.team import Team

READ = "get,list,watch"
WRITE = "create,update,patch,delete,deletecollection"
VERBS = {"read": READ, "write": WRITE, "everything": f"{READ},{WRITE}"}
"""What stands for several verbs."""
RIGHTS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "support" / "data" / "members_rights.yaml").read_text()
)

_WORDS = argparse.ArgumentParser()
_WORDS.add_argument("verbs")
_WORDS.add_argument("kinds")
_WORDS.add_argument("-n", dest="namespace")
_WORDS.add_argument("-A", dest="everywhere", action="store_true")
_WORDS.add_argument("--subresource", default="")


@pytest.fixture(scope="module")
def team(shared_teams: Callable[..., Team]) -> Team:
    return shared_teams()


def answers(member: Cluster, team: Team, rights: list[str]) -> dict[str, bool]:
    """What the API server says of each verb on each kind of these rights."""
    said: dict[str, bool] = {}
    for right in rights:
        words = _WORDS.parse_args(shlex.split(right.replace("TEAM", team.name)))
        verbs = [verb for each in words.verbs.split(",") for verb in VERBS.get(each, each).split(",")]
        place = "" if words.everywhere else words.namespace or team.namespace
        for verb, kind in itertools.product(verbs, words.kinds.split(",")):
            of, _, name = kind.partition("/")
            resource, _, group = of.partition(".")
            asked = {"resource": resource, "group": group, "name": name, "subresource": words.subresource}
            said[f"{verb} {kind} {words.subresource}"] = member.may(verb=verb, namespace=place, **asked)
    return said


def rows() -> list[object]:
    """A test for each entry, where the module that brings its kinds is on."""
    return [
        pytest.param(
            entry.get("may", []),
            entry.get("may_not", []),
            id=f"{entry['row']} {entry.get('needs', '')}".strip(),
            marks=[pytest.mark.needs(entry["needs"])] if "needs" in entry else [],
        )
        for entry in RIGHTS
    ]


@pytest.mark.parametrize(("may", "may_not"), rows())
def test_a_member_may_what_the_table_says_and_no_more(
    member: Cluster, team: Team, may: list[str], may_not: list[str]
) -> None:
    assert [right for right, given in answers(member, team, may).items() if not given] == []
    assert [right for right, given in answers(member, team, may_not).items() if given] == []
