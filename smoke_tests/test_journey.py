"""The journey: a new member of team A, with that team's kubeconfig alone, follows the example's README to the end."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.directories import REPOSITORY
from smoke_tests import example
from smoke_tests.cluster import RAY_CLUSTER, Cluster, kind_of
from smoke_tests.environment import CAIRN, Environment
from smoke_tests.waiting import until

pytestmark = pytest.mark.xdist_group("devices")

STEP_SECONDS = 360


def steps() -> list[str]:
    """The shell blocks of the example's README, in their order."""
    return re.findall(r"```sh\n(.*?)```", (example.DIRECTORY / "README.md").read_text(), re.DOTALL)


class Newcomer:
    """Somebody at a shell with the command line on PATH, an own directory, and no access of their own."""

    def __init__(self, home: Path, environment: Environment, team: str) -> None:
        self.home = home
        self.team = team
        (home / "examples").symlink_to(REPOSITORY / "examples")
        # Which environment is meant goes without saying for a person who has one; here there may be several.
        named = {"CAIRN_ENVIRONMENT": environment.name}
        self.variables = os.environ | named | {"PATH": f"{Path(CAIRN[0]).parent}:{os.environ['PATH']}"}

    def follow(self, step: str) -> str:
        """Runs one block of the README, all of whose commands must succeed, and returns what it printed."""
        text = step.replace("team-a", self.team)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.home,
            env=self.variables | {"KUBECONFIG": str(self.home / f"{self.team}.kubeconfig")},
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{text}\nended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def newcomer(tmp_path: Path, environment: Environment, cluster: Cluster) -> Iterator[Newcomer]:
    """A member of the profile's first team, whose batch is gone afterwards."""
    team = next(iter(environment.profile.teams), None)
    if team is None or not environment.made_by_cairn:
        pytest.skip("needs an environment of Cairn with a team, whose kubeconfig `cairn kubeconfig` makes")
    person = Newcomer(tmp_path, environment, team)
    yield person
    for manifest in example.manifests(team):
        cluster.remove(kind_of(manifest), example.NAME, team)
    until(lambda: not cluster.find(RAY_CLUSTER, team), 120, "the batch's Ray cluster to be gone")


def test_a_new_member_submits_the_example_watches_it_and_fetches_its_result(
    newcomer: Newcomer, environment: Environment
) -> None:
    get_access, submit, watch, fetch, clean_up = steps()
    newcomer.follow(get_access)
    newcomer.follow(submit)
    assert "rayjob.ray.io/ray-batch" in newcomer.follow(watch)

    result = json.loads(newcomer.follow(fetch))
    assert result == json.loads((newcomer.home / "result.json").read_text())
    assert result["records"] == sum(part["records"] for part in result["parts"]) > 0
    assert len({part["node"] for part in result["parts"]}) == 2
    chosen = environment.profile.modules.accelerators
    assert chosen is not None
    if chosen.mode == "simulated":
        assert {part["accelerators"] for part in result["parts"]} == {"SIMULATED"}

    newcomer.follow(clean_up)
    assert "ray-batch" not in newcomer.follow("kubectl get rayjobs,configmaps --output=name")
