"""`up` and `down` killed at moments that nobody chose: the next one goes on, and ends where a clean run does."""

import json
import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from catalog.directories import REPOSITORY
from profiles.load import load
from smoke_tests.lifecycle.conftest import SMALL, Life, words
from smoke_tests.lifecycle.inventory import inventory
from smoke_tests.lifecycle.machine import look
from smoke_tests.lifecycle.person import UP_SECONDS, Person

NAME = "killed"
WORDS = (SMALL, "--name", NAME, "--set", "cluster.address_range=10.102.0.0/24")
SEED_VARIABLE = "CAIRN_SEED"

pytestmark = [pytest.mark.long, pytest.mark.together("life")]


@pytest.fixture
def chance() -> random.Random:
    """Chance that can be had again: CAIRN_SEED=... repeats a run whose seed was printed."""
    seed = int(os.environ.get(SEED_VARIABLE, random.SystemRandom().randrange(10**6)))
    print(f"{SEED_VARIABLE}={seed}")
    return random.Random(seed)


@pytest.fixture
def killed(person: Person) -> Iterator[str]:
    """An environment's name; there is none of that name afterwards."""
    yield NAME
    person.tries("down", "--name", NAME, "--yes")


def resources(person: Person) -> int:
    """How many resources the backend says that the environment has or is making."""
    file = person.state / "cairn" / "backend" / ".pulumi" / "stacks" / "cairn" / f"{NAME}.json"
    try:
        latest = json.loads(file.read_text())["checkpoint"].get("latest") or {}
    except (FileNotFoundError, ValueError):
        return 0
    return len(latest.get("resources") or []) + len(latest.get("pending_operations") or [])


def kill(process: "subprocess.Popen[str]", *, alone: bool = False) -> None:
    """Kills `cairn`; `alone` leaves its `pulumi` running, as when a person closes the wrong window."""
    family = [] if alone else psutil.Process(process.pid).children(recursive=True)
    for member in [psutil.Process(process.pid), *family]:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def kill_when(person: Person, process: "subprocess.Popen[str]", reached: int, *, alone: bool) -> bool:
    """Kills `cairn up` once so many resources are there; False if it ended before."""
    deadline = time.monotonic() + UP_SECONDS
    while process.poll() is None:
        assert time.monotonic() < deadline
        if resources(person) >= reached:
            kill(process, alone=alone)
            return True
        time.sleep(0.02)
    return False


def kill_after(process: "subprocess.Popen[str]", lines: int) -> bool:
    """Kills `cairn` once it has said so many lines of what it is doing; False if it ended before."""
    assert process.stderr is not None
    if not all(process.stderr.readline() for _ in range(lines)):
        return False
    kill(process)
    return True


def test_an_up_that_was_killed_goes_on_to_what_a_clean_run_makes(
    life: Life, person: Person, killed: str, chance: random.Random
) -> None:
    total = len([one for one in life.inventory if one.startswith("urn:")])
    kills = [(moment, chance.random() < 0.5) for moment in sorted(chance.sample(range(2, total), 3))]
    print(f"killed at (resources of {total}, cairn alone): {kills}")
    for moment, alone in kills:
        coming = person.start("up", *WORDS)
        assert kill_when(person, coming, moment, alone=alone), (
            f"{kills}: up ended before {moment}: {coming.communicate()}"
        )

    person.runs("up", "--name", killed)
    assert person.changes(killed) == []
    assert inventory(person, killed) == life.inventory

    going = person.start("down", "--name", killed, "--yes")
    lines = chance.randrange(1, len(load(SMALL).modules.on()))
    print(f"down is killed after {lines} lines")
    assert kill_after(going, lines), "down ended unharmed"
    refused = person.tries("up", "--name", killed)
    assert refused.returncode == 2
    assert f"cairn down --name {killed} --yes" in words(refused)
    person.runs("down", "--name", killed, "--yes")
    left = look(person.state)
    assert not [one for one in left.processes | left.namespaces | left.mounts if killed in one]
    assert not (person.state / "cairn" / "environments" / killed).exists()
    assert not (REPOSITORY / f"Pulumi.{killed}.yaml").exists()
