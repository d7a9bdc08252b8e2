"""A reboot of every node at once, as after a power cut: `cairn up` heals the platform, and nothing is lost."""

import json
import subprocess
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from catalog.directories import REPOSITORY
from hosts.local.teardown import recorded
from smoke_tests.lifecycle.machine import cut_power
from smoke_tests.support import pods
from smoke_tests.support.cluster import Cluster, kind_of
from smoke_tests.support.environment import CAIRN, Environment
from smoke_tests.support.team import Team
from smoke_tests.support.training_example import endless, goes_on
from smoke_tests.support.workload import pod, volume_claim, with_volume

TRAINING_SECONDS = 300
"""Two workers' start, or the platform's and then theirs, on two busy cores."""
UP_SECONDS = 1800
WRITE = "open('/data/kept', 'w').write('still here')"
READ = "print(open('/data/kept').read())"

pytestmark = [pytest.mark.alone, pytest.mark.disruptive, pytest.mark.needs("storage", "teams")]


class Rebooted(NamedTuple):
    """A platform after its reboot: who had what on it before, and the last checkpoint of a training, if it trains."""

    team: Team
    kept: dict[str, Any]
    checkpoint: dict[str, Any]


def cairn(*words: str) -> str:
    """What `cairn WORDS` prints; it must succeed."""
    done = subprocess.run(
        [*CAIRN, *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=UP_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def rebooted(cluster: Cluster, environment: Environment, shared_teams: Callable[..., Team]) -> Rebooted:
    """The platform, rebooted in the middle of what a team does, and healed by `cairn up`."""
    if environment.profile.cluster.provider != "local":
        pytest.skip("only nodes on this machine can be rebooted from here")
    trains = environment.profile.modules.training is not None
    team = shared_teams(access=trains)
    kept = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": team.namespace}}
    cluster.create(kept)
    cluster.create(volume_claim("kept", team.namespace))
    pods.output(cluster, with_volume(pod("writer", team.namespace, WRITE), "kept", "/data"))
    checkpoint = endless(cluster, team.namespace, TRAINING_SECONDS) if trains else {}
    cut_power(recorded(environment.name))
    cairn("up", "--name", environment.name, "--yes")
    return Rebooted(team, kept, checkpoint)


def test_objects_and_volumes_are_as_they_were_before_a_reboot(cluster: Cluster, rebooted: Rebooted) -> None:
    assert cluster.get(kind_of(rebooted.kept), "kept", rebooted.team.namespace) is not None
    reader = with_volume(pod("reader", rebooted.team.namespace, READ), "kept", "/data")
    assert pods.output(cluster, reader).strip() == "still here"


@pytest.mark.usefixtures("rebooted")
def test_after_a_reboot_was_healed_there_is_nothing_to_do(environment: Environment) -> None:
    assert json.loads(cairn("preview", "--name", environment.name, "--json"))["steps"] == []


@pytest.mark.needs("training", "object_store")
def test_a_training_goes_on_from_its_last_checkpoint_after_a_reboot(cluster: Cluster, rebooted: Rebooted) -> None:
    goes_on(cluster, rebooted.team.namespace, rebooted.checkpoint, TRAINING_SECONDS)
