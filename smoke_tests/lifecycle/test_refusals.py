"""What a person can get wrong before anything is made: refused in words that name the fix, and nothing is lost."""

import socket
from pathlib import Path

import pytest

from catalog.directories import REPOSITORY
from smoke_tests.lifecycle.conftest import words
from smoke_tests.lifecycle.person import Done, Person

NAME = "refused"
FREE_BIND = 15
"""IP_FREEBIND of include/uapi/linux/in.h, which Python's socket module doesn't name."""

# One after the other: it is one name, and one address that is taken.
pytestmark = pytest.mark.together("refusals")


def assert_refused(done: Done, *said: str) -> None:
    """Holds a refusal to its form: what, the fix, no traceback, and no environment."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for text in ("error:", *said):
        assert text in words(done)
    assert not (REPOSITORY / f"Pulumi.{NAME}.yaml").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["labtop"], ["no profile 'labtop'", "laptop"]),
        (["laptop", "--set", "cluster.adress_range=10.90.0.0/24"], ["adress_range", "address_range"]),
        (["laptop", "--set", "modules.quueing={}"], ["quueing", "queueing"]),
        (["laptop", "--set", "cluster.workers=many"], ["cluster.workers"]),
        (["laptop", "--set", "budget.cpu=lots"], ["budget.cpu"]),
        (["laptop", "--set", "budget.cpu=512"], ["cores", "--set budget.cpu="]),
        (["laptop", "--set", "budget.memory=64Ti"], ["memory", "--set budget.memory="]),
        (["laptop", "--set", "cluster.provider=existing"], ["kubeconfig", "--kubeconfig FILE"]),
        (
            ["laptop", "--set", "cluster.provider=existing", "--kubeconfig", "/nowhere"],
            ["kubeconfig /nowhere", "No such file"],
        ),
    ],
    ids=lambda value: " ".join(value[-1:]),
)
def test_a_mistake_is_named_with_its_fix(person: Person, wrong: list[str], said: list[str]) -> None:
    assert_refused(person.tries("up", *wrong, "--name", NAME), *said)


def test_a_kubeconfig_that_points_nowhere_is_named(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "dead"
    server = {"name": "dead", "cluster": {"server": "https://127.0.0.1:9"}}
    context = {"name": "dead", "context": {"cluster": "dead", "user": "dead"}}
    user = {"name": "dead", "user": {"token": "none"}}
    content = {"clusters": [server], "contexts": [context], "users": [user], "current-context": "dead"}
    file.write_text(str(content | {"apiVersion": "v1", "kind": "Config"}))
    wanted = ("--set", "cluster.provider=existing", "--kubeconfig", str(file))
    assert_refused(person.tries("up", "laptop", *wanted, "--name", NAME), "127.0.0.1", str(file))


@pytest.mark.parametrize(("host", "port"), [(2, 5000), (11, 6443)], ids=["registry", "API server"])
def test_a_port_that_somebody_has_taken_is_named(person: Person, host: int, port: int) -> None:
    with socket.socket() as taken:
        # The address is nobody's yet: Linux lets root listen on it all the same, and nothing else is changed.
        taken.setsockopt(socket.IPPROTO_IP, FREE_BIND, 1)
        taken.bind((f"10.103.0.{host}", port))
        taken.listen()
        done = person.tries("up", "laptop", "--set", "cluster.address_range=10.103.0.0/24", "--name", NAME)
    assert_refused(done, f"10.103.0.{host}:{port} is taken", f"ss -ltnp 'sport = {port}'")


@pytest.mark.parametrize(
    ("less", "said"),
    [
        # The capability lets nobody read the checkout and the interpreter, wherever they lie.
        (["--reuid", "65534", "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"], ["root", "sudo"]),
        (["--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"], ["CAP_SYS_ADMIN"]),
    ],
    ids=["root", "capability"],
)
def test_up_without_the_needed_rights_is_refused(person: Person, less: list[str], said: list[str]) -> None:
    assert_refused(person.tries("up", "laptop", "--name", NAME, prefix=("setpriv", *less)), *said)


def test_naming_no_environment_where_there_is_none_says_how_to_make_one(person: Person) -> None:
    assert_refused(person.tries("status", "--name", NAME), f"no environment {NAME}", "cairn up")
