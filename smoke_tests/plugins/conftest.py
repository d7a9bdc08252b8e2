"""A cluster to run on, `pulumi` and `helm` on PATH, and a throwaway namespace per test.

The cluster is the suite's environment, or else that of $KUBECONFIG; with CAIRN_CONTROL_PLANE=DIRECTORY (of binaries) it
is a control plane on loopback, which is enough for all tests here.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client, config

from catalog.places import binary
from smoke_tests.plugins.control_plane import binaries, control_plane
from smoke_tests.plugins.project import Project
from smoke_tests.plugins.provider import Provider


@pytest.fixture(scope="session")
def kubeconfig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The text of an administrator's kubeconfig."""
    directory = binaries()
    if directory is not None:
        with control_plane(tmp_path_factory.mktemp("control-plane"), directory) as path:
            yield path.read_text()
        return
    chosen = request.config.getoption("--environment", None) or os.environ.get("CAIRN_KUBECONFIG")
    if not chosen and os.environ.get("KUBECONFIG"):
        yield Path(os.environ["KUBECONFIG"]).read_text()
        return
    yield request.getfixturevalue("environment").kubeconfig


@pytest.fixture(scope="session")
def api(kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> client.ApiClient:
    """The official client, to look at the cluster past the plug-in."""
    path = tmp_path_factory.mktemp("client") / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(kubeconfig)
    return config.new_client_from_config(str(path))


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """Put `pulumi` and `helm` on PATH: the machine's own, else the catalog's."""
    for name in ("pulumi", "helm"):
        if shutil.which(name) is None:
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
def provider(kubeconfig: str) -> Iterator[Provider]:
    """The Kubernetes plug-in in a process of its own, spoken to directly."""
    with Provider.start(kubeconfig) as running:
        yield running


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
