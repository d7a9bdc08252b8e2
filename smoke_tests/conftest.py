"""What every smoke test stands on: the environment, the cluster, a throwaway team, the evidence.

pytest smoke_tests --environment laptop        a running environment of Cairn
CAIRN_KUBECONFIG=FILE pytest smoke_tests       any cluster that has the platform
"""

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.directories import REPOSITORY
from installer.ready import failing
from modules.cluster.devices import accelerators, kinds
from modules.contract.api import ApiError, connect, path_of, request
from modules.registry import all_modules, enabled
from smoke_tests.support import evidence, turns
from smoke_tests.support.cluster import Cluster
from smoke_tests.support.environment import Environment, NoEnvironmentError, of_kubeconfig, of_stack
from smoke_tests.support.recorder import Recorder
from smoke_tests.support.team import Team, kubeconfig, make_team, remove_team
from smoke_tests.support.waiting import until

ENVIRONMENT = pytest.StashKey[Environment]()
DIRECTORY = pytest.StashKey[Path]()
DEVICES = pytest.StashKey[str]()
NAMESPACES = pytest.StashKey[list[str]]()
SIDE_BY_SIDE = 4
"""How many tests run at a time: as many as keep two cores busy, and no more, so that none waits long for its turn."""
ON_DEVICES = ("journey", "nodes", "reboot")
"""Test files about no module in which devices take part, so that their evidence says SIMULATED or REAL."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cairn")
    group.addoption("--environment", default=os.environ.get("CAIRN_ENVIRONMENT"), help="the environment to test")
    group.addoption("--profile-name", default="laptop", help="with CAIRN_KUBECONFIG: the profile installed there")
    group.addoption("--keep", action="store_true", help="leave each test's throwaway team on the cluster")
    group.addoption("--disruptive", action="store_true", help="kill, drain and preempt on a cluster not made by Cairn")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Side by side unless told otherwise (`-n 0`): tests mostly wait for the cluster."""
    first = not hasattr(config, "workerinput")
    chosen = config.getoption("--environment") or os.environ.get("CAIRN_KUBECONFIG")
    if not first or not chosen or config.option.usepdb or not hasattr(config.option, "numprocesses"):
        return
    if config.option.numprocesses is None:
        config.option.numprocesses = SIDE_BY_SIDE
    if config.option.numprocesses:
        config.option.dist = "loadgroup"
        config.option.loadscopereorder = False


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        if "environment" in worker:
            config.stash[ENVIRONMENT] = Environment(**worker["environment"])
            config.stash[DIRECTORY] = Path(worker["evidence"])
            config.stash[DEVICES] = worker["devices"]
            # A test process is told what stands on the command line alone, not what was chosen above.
            config.option.loadgroup = worker["grouped"]
        return
    environment = _chosen(config)
    if environment is None or config.option.collectonly:
        return
    directory = REPOSITORY / "evidence" / f"{environment.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    directory.mkdir(parents=True)
    config.stash[ENVIRONMENT] = environment
    config.stash[DIRECTORY] = directory
    config.stash[DEVICES] = devices_of(environment)
    config.option.xmlpath = config.option.xmlpath or str(directory / "junit.xml")
    config.pluginmanager.register(Recorder(environment, directory, config.stash[DEVICES]))
    if getattr(config.option, "dist", "no") == "loadgroup":
        config.pluginmanager.register(turns.Turns(directory))


def _chosen(config: pytest.Config) -> Environment | None:
    try:
        if config.getoption("--environment"):
            return of_stack(config.getoption("--environment"))
        if os.environ.get("CAIRN_KUBECONFIG"):
            return of_kubeconfig(os.environ["CAIRN_KUBECONFIG"], config.getoption("--profile-name"))
    except NoEnvironmentError as error:
        raise pytest.UsageError(str(error)) from error
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hands a test process what the first one read; over a pipe, so that no secret lies on disk."""
    if ENVIRONMENT in node.config.stash:
        node.workerinput["environment"] = asdict(node.config.stash[ENVIRONMENT])
        node.workerinput["evidence"] = str(node.config.stash[DIRECTORY])
        node.workerinput["devices"] = node.config.stash[DEVICES]
        node.workerinput["grouped"] = node.config.option.dist == "loadgroup"


def module_of(nodeid: str) -> str:
    """The module that a test is about: test_MODULE.py or test_MODULE_PART.py; hosts/ and lifecycle/ are about none."""
    file = Path(nodeid.partition("::")[0])
    name = file.stem.removeprefix("test_")
    modules = [module for module in all_modules() if f"{name}_".startswith(f"{module}_")]
    return file.parent.name if file.parent.name in ("hosts", "lifecycle") else max(modules, key=len, default=name)


def modules_of(item: pytest.Item) -> set[str]:
    """The modules that a test goes through: its own, and those that it says it needs."""
    return {module_of(item.nodeid), *(name for mark in item.iter_markers("needs") for name in mark.args)}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if group := turns.group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    if ENVIRONMENT not in config.stash:
        return
    environment = config.stash[ENVIRONMENT]
    on = {module.name for module in enabled(environment.profile)}
    off = set(all_modules()) - on
    with_devices = {*ON_DEVICES, *(name for name, module in all_modules().items() if module.devices)}
    left_out = [item for item in items if modules_of(item) & off]
    config.hook.pytest_deselected(items=left_out)
    kept = [item for item in items if item not in left_out]
    for item in kept:
        item.user_properties.append(("module", module_of(item.nodeid)))
        if module_of(item.nodeid) in with_devices:
            item.user_properties.append(("accelerators", config.stash[DEVICES]))
    items[:] = sorted(kept, key=_place)


def _place(item: pytest.Item) -> int:
    """Its place among others: those that run alone first, then the long ones."""
    return next((place for place, mark in enumerate((turns.ALONE, "long")) if item.get_closest_marker(mark)), 2)


def own_environment(item: pytest.Item) -> bool:
    """Whether the test makes an environment of its own, and leaves the one that is tested alone."""
    return module_of(item.nodeid) == "lifecycle"


def devices_of(environment: Environment) -> str:
    """SIMULATED or REAL, as the cluster's own devices say; nothing when it has none or does not answer."""
    try:
        client = connect(environment.kubeconfig, environment.context)
        return kinds(accelerators(client, request(client, "GET", path_of("v1", "nodes"))["items"]).values())
    except ApiError:
        return ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and ENVIRONMENT in item.config.stash:
        environment = item.config.stash[ENVIRONMENT]
        secrets = environment.secrets()
        namespaces = [name for node in item.listchain() for name in node.stash.get(NAMESPACES, [])]
        evidence.keep_failure(
            item.config.stash[DIRECTORY],
            f"{item.name}-{report.when}",
            str(report.longrepr),
            namespaces,
            environment.kubeconfig,
            secrets,
        )
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    if DIRECTORY in item.config.stash and not item.get_closest_marker(turns.ALONE) and not own_environment(item):
        turns.wait(item.config.stash[DIRECTORY])


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("disruptive") is None or ENVIRONMENT not in item.config.stash:
        return
    if not item.config.stash[ENVIRONMENT].made_by_cairn and not item.config.getoption("--disruptive"):
        pytest.skip("disturbs the cluster, which Cairn did not make; --disruptive allows it")


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Environment:
    if ENVIRONMENT not in pytestconfig.stash:
        raise pytest.UsageError("which cluster? Pass --environment NAME, or set CAIRN_ENVIRONMENT or CAIRN_KUBECONFIG")
    return pytestconfig.stash[ENVIRONMENT]


@pytest.fixture(scope="session")
def cluster(environment: Environment) -> Cluster:
    """The cluster as its administrator sees it."""
    return Cluster(environment, environment.kubeconfig)


def _throwaway(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Callable[..., Team]]:
    made: list[Team] = []
    namespaces = request.node.stash.setdefault(NAMESPACES, [])

    def make(**wanted: Any) -> Team:
        team = make_team(cluster, **wanted)
        made.append(team)
        namespaces.append(team.namespace)
        return team

    yield make
    if not request.config.getoption("--keep"):
        for team in made:
            remove_team(cluster, team)


@pytest.fixture
def teams(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Callable[..., Team]]:
    """Makes throwaway teams, with `cpu`, `memory`, `gpu` and `cohort` as wanted; they are gone after the test."""
    yield from _throwaway(request, cluster)


@pytest.fixture(scope="module")
def shared_teams(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Callable[..., Team]]:
    """The same for what all tests of one file look at; the teams are gone after the last of them."""
    yield from _throwaway(request, cluster)


@pytest.fixture
def team(teams: Callable[..., Team]) -> Team:
    """One throwaway team."""
    return teams()


@pytest.fixture
def member(cluster: Cluster, team: Team) -> Cluster:
    """The cluster as a member of `team` has it."""
    return cluster.as_user(kubeconfig(cluster, team))


@pytest.fixture
def ready(cluster: Cluster) -> Callable[[str], None]:
    """Holds a module to its own account of when it serves, the one that installer and status use."""

    def assert_ready(name: str) -> None:
        environment = cluster.environment
        module = next(each for each in enabled(environment.profile) if each.name == name)

        def serves() -> bool:
            why_not = failing(module, environment.profile, environment.versions.get(name, ""), cluster.api)
            assert not why_not, "; ".join(why_not)
            return True

        until(serves, 60, f"module {name}")

    return assert_ready
