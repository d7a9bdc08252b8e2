"""The suite's environment to run on, `pulumi` with its plug-ins on PATH, and a throwaway namespace per test."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client, config

from catalog.places import binary
from smoke_tests.plugins.project import Project
from smoke_tests.support.environment import Environment


@pytest.fixture(scope="session")
def kubeconfig(environment: Environment) -> str:
    """The text of an administrator's kubeconfig."""
    return environment.kubeconfig


@pytest.fixture(scope="session")
def api(kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> client.ApiClient:
    """The official client, to look at the cluster past the plug-in."""
    path = tmp_path_factory.mktemp("client") / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(kubeconfig)
    return config.new_client_from_config(str(path))


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """Put `pulumi` and its Kubernetes plug-in on PATH."""
    for name in ("pulumi", "pulumi-resource-kubernetes"):
        os.environ["PATH"] = f"{binary(name).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def namespace(api: client.ApiClient) -> Iterator[str]:
    """A namespace for one test."""
    core = client.CoreV1Api(api)
    name = f"plugin-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name}})
    yield name
    core.delete_namespace(name)


@pytest.fixture
def project(kubeconfig: str, tmp_path: Path) -> Iterator[Callable[[str], Project]]:
    """Makes Pulumi projects with a program each; what they made is destroyed after the test."""
    made: list[Project] = []

    def make(program: str) -> Project:
        made.append(Project(tmp_path / f"project{len(made)}", program, kubeconfig))
        return made[-1]

    yield make
    for each in made:
        each.clean()
