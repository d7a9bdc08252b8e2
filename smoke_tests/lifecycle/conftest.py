"""One environment that the tests of its life share, and who makes it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from smoke_tests.lifecycle.inventory import inventory
from smoke_tests.lifecycle.machine import Machine, look
from smoke_tests.lifecycle.person import Done, Person

SMALL = "smoke_tests/lifecycle/small.yaml"
NAME = "lifecycle"


@dataclass(frozen=True)
class Life:
    """A running environment, and what was seen while it was made: the machine before, and two `up` at once."""

    person: Person
    name: str
    handle: str
    before: Machine
    ups: tuple[Done, Done]
    inventory: set[str]


@pytest.fixture(scope="session")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody who has no environment yet."""
    return Person(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def life(person: Person) -> Iterator[Life]:
    """The environment, made by the first of two `up` started at once."""
    try:
        before = look(person.state)
        started = [person.start("up", SMALL, "--name", NAME) for _ in range(2)]
        first, second = (finished(process) for process in started)
        yield Life(person, NAME, person.handle(NAME), before, (first, second), inventory(person, NAME))
    finally:
        person.tries("down", "--name", NAME, "--yes")


def finished(process: "subprocess.Popen[str]") -> Done:
    """The process after its end."""
    out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def words(done: Done) -> str:
    """What a command said on its way, on one line: where a table breaks its lines is nobody's business."""
    return " ".join(done.stderr.split())
