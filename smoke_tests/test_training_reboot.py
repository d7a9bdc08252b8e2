"""A reboot of every node in the middle of a training: `cairn up` heals the platform, and the training goes on."""

import subprocess
from collections.abc import Callable

import pytest

from catalog.directories import REPOSITORY
from hosts.local.teardown import recorded
from smoke_tests.cluster import Cluster
from smoke_tests.environment import CAIRN, Environment
from smoke_tests.lifecycle.machine import cut_power
from smoke_tests.team import Team
from smoke_tests.training_example import endless, goes_on

TRAINING_SECONDS = 300
"""Two workers' start, or the platform's and then theirs, on two busy cores."""


@pytest.mark.disruptive
@pytest.mark.alone
@pytest.mark.needs("object_store", "teams")
def test_a_training_goes_on_from_its_last_checkpoint_after_a_reboot(
    cluster: Cluster, environment: Environment, teams: Callable[..., Team]
) -> None:
    if environment.profile.cluster.provider != "local":
        pytest.skip("only nodes on this machine can be rebooted from here")
    team = teams(access=True)
    before = endless(cluster, team.namespace, TRAINING_SECONDS)
    cut_power(recorded(environment.name))
    up = [*CAIRN, "up", "--name", environment.name, "--yes"]
    done = subprocess.run(up, cwd=REPOSITORY, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    goes_on(cluster, team.namespace, before, TRAINING_SECONDS)
