"""Each node as testinfra's `host`, reached as pyinfra reaches it: by key, and only if it proves to be itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import testinfra
from testinfra.host import Host

from catalog.build import tool
from hosts.spec import NodeConfig
from smoke_tests.conftest import ENVIRONMENT
from smoke_tests.support.environment import Environment
from stacks.clusters.kubeadm import node_config

CONTROL_PLANE = "control-plane"
CONNECTED_SECONDS = 20
"""How long a connection stays for the next command: to connect costs more than most commands."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each node; a test that asks for `control_plane` runs on that one alone."""
    environment = metafunc.config.stash.get(ENVIRONMENT, None)
    names = list(environment.ssh.get("hosts", {})) if environment else []
    if "node_name" in metafunc.fixturenames:
        if "control_plane" in metafunc.fixturenames:
            names = [name for name in names if name.endswith(CONTROL_PLANE)]
        metafunc.parametrize("node_name", names)


@pytest.fixture(scope="session")
def ssh_config(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What ssh needs to log in to the nodes; only there while the tests run."""
    directory = tmp_path_factory.mktemp("ssh")
    key, known_hosts, config = (directory / name for name in ("key", "known_hosts", "config"))
    key.touch(mode=0o600)
    key.write_text(environment.ssh["private_key"])
    known_hosts.write_text(environment.ssh["known_hosts"])
    config.write_text(
        f"IdentityFile {key}\nIdentitiesOnly yes\nUserKnownHostsFile {known_hosts}\nStrictHostKeyChecking yes\n"
    )
    os.environ["PATH"] = f"{os.environ['PATH']}{os.pathsep}{tool('ssh').parent}"
    yield config
    key.unlink()


@pytest.fixture
def host(environment: Environment, ssh_config: Path, node_name: str) -> Host:
    address = environment.ssh["hosts"][node_name]
    user = environment.ssh["user"]
    shared = {"controlpath": str(ssh_config.with_name(address)), "controlpersist": CONNECTED_SECONDS}
    return testinfra.get_host(f"ssh://{user}@{address}", ssh_config=str(ssh_config), **shared)


@pytest.fixture
def control_plane(host: Host) -> Host:
    """The control plane alone."""
    return host


@pytest.fixture
def node(environment: Environment, node_name: str) -> NodeConfig:
    """What pyinfra was told that the node should become."""
    return node_config(environment.ssh["nodes"][node_name])
