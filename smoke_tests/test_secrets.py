"""Passwords and keys: made for this environment, and nowhere on this machine in plain text."""

import json
import subprocess

import pytest

from catalog.directories import REPOSITORY, environment_root, state_root
from smoke_tests.support.environment import CAIRN, Environment
from smoke_tests.support.evidence import canaries, leaks
from smoke_tests.support.waiting import COMMAND_SECONDS


@pytest.fixture(autouse=True)
def on_this_machine(environment: Environment) -> None:
    if not environment.made_by_cairn:
        pytest.skip("the environment's state is not Cairn's")


def test_no_credential_lies_in_plain_text_in_state_settings_or_logs(environment: Environment) -> None:
    assert environment.credentials
    # What lies in a node is the cluster's own, as its keys and etcd are.
    own = [path for path in environment_root(environment.name).glob("*") if path.name != "nodes"]
    settings = REPOSITORY / f"Pulumi.{environment.name}.yaml"
    assert leaks([state_root() / "backend", *own, settings], environment.secrets()) == []


@pytest.mark.parametrize("words", [("status",), ("status", "--json")])
def test_no_command_prints_a_credential(environment: Environment, words: tuple[str, ...]) -> None:
    command = [*CAIRN, *words, "--name", environment.name]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    # 1 is what it says while another test has taken something away.
    assert done.returncode in (0, 1) and done.stdout, done.stderr
    if "--json" in words:
        assert json.loads(done.stdout)
    assert not [canary for canary in canaries(environment.secrets()) if canary in done.stdout + done.stderr]
