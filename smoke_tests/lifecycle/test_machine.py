"""The machine that an environment stood on, with nobody else's beside it: everything is as it was before.

Kernel settings are the whole machine's, so that only the last environment that goes can put them back.
"""

from collections.abc import Iterator

import pytest

from hosts.local import budget
from modules.contract.api import connect, path_of, request
from smoke_tests.lifecycle.conftest import words
from smoke_tests.lifecycle.machine import SETTINGS, look, others_run, set_kernel
from smoke_tests.lifecycle.person import Person
from smoke_tests.lifecycle.test_plain import PROFILE

NAME = "lost"


@pytest.fixture
def lost(person: Person) -> Iterator[str]:
    """An environment's name, on a machine whose kernel settings are not kubelet's; there is none of it afterwards."""
    if others_run():
        pytest.skip("another environment runs on this machine; the last one that goes puts its settings back")
    original = set_kernel(SETTINGS)
    try:
        yield NAME
        person.tries("down", "--name", NAME, "--yes")
    finally:
        set_kernel(original)


def freeze(handle: str) -> None:
    """Stops every process of the environment where it is."""
    if budget.unified():
        (budget.ROOT / "cairn" / handle / "cgroup.freeze").write_text("1")
    else:
        (budget.ROOT / "freezer" / "cairn" / handle / "freezer.state").write_text("FROZEN")


def test_a_cluster_that_no_state_knows_is_left_alone_until_down_removes_every_trace_of_it(
    person: Person, lost: str
) -> None:
    before = look(person.state)
    person.runs("up", PROFILE, "--name", lost)
    assert look(person.state).settings != before.settings, "kubelet changed nothing, so that nothing is shown"
    access = person.runs("kubeconfig", "--name", lost)
    backend = person.state / "cairn" / "backend"
    backend.rename(backend.with_name("lost"))

    done = person.tries("up", PROFILE, "--name", lost)
    assert done.returncode != 0
    assert "a node whose state Pulumi lost" in words(done)
    assert f"cairn down --name {lost}" in words(done)
    assert request(connect(access), "GET", path_of("v1", "nodes"))["items"]

    # Frozen or not: who is frozen does not even die when killed.
    freeze(person.handle(lost))
    person.runs("down", "--name", lost, "--yes")
    assert look(person.state).left_since(before, person.handle(lost)) == {}
