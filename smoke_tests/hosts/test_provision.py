"""Provisioning a node a second time."""

import pytest

from hosts.provision import provision
from hosts.spec import Host, NodeConfig
from smoke_tests.support.environment import Environment


@pytest.mark.disruptive
def test_a_second_run_changes_nothing(environment: Environment, node_name: str, node: NodeConfig) -> None:
    address = environment.ssh["hosts"][node_name]
    keys = dict(line.split(" ", 1) for line in environment.ssh["known_hosts"].splitlines())
    outcome = provision(Host(node_name, address, environment.ssh["private_key"], keys[address]), node)
    assert outcome.operations > 0
    assert outcome.changed == ()
