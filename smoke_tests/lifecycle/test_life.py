"""The life of one environment, in its order: made, changed, disturbed, healed, taken away."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from catalog.directories import REPOSITORY
from modules.contract.api import Object
from smoke_tests.lifecycle.conftest import SMALL, Life, words
from smoke_tests.lifecycle.inventory import kubeconfig
from smoke_tests.lifecycle.machine import look
from smoke_tests.support import pods
from smoke_tests.support.cluster import NODE, POD, Cluster, Kind, is_true
from smoke_tests.support.environment import Environment, credentials
from smoke_tests.support.evidence import canaries, leaks
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import SLEEP, pod, pod_spec, preferring, volume_claim, with_volume

WRITE = "open('/data/kept', 'w').write('still here')"
DEPLOYMENT = Kind("apps/v1", "deployments")
ACCOUNT = Kind("v1", "serviceaccounts")
POLICY = Kind("admissionregistration.k8s.io/v1", "validatingadmissionpolicies")
GUEST = "smoke_tests/lifecycle/guest.yaml"
OWN_HOSTS, PRINTER = "127.0.0.1\tlocalhost\n", "10.1.2.3 printer\n"
"""What the machine's owner has in its hosts file before, and adds later."""

pytestmark = [pytest.mark.long, pytest.mark.together("life")]


@pytest.fixture(scope="module")
def cluster(life: Life) -> Cluster:
    environment = Environment(life.name, kubeconfig(life.person, life.name), SMALL)
    return Cluster(environment, environment.kubeconfig)


@pytest.fixture
def unchanged(life: Life) -> Callable[[], None]:
    """Holds the environment to being just what its settings say."""

    def assert_unchanged() -> None:
        assert life.person.changes(life.name) == []

    return assert_unchanged


@pytest.fixture
def untouched(life: Life, cluster: Cluster) -> Iterator[None]:
    """Holds a test to leaving the environment as it is: not a byte of its state differs, and its nodes are ready.

    A preview would tell the same, ten times slower.
    """
    state = life.person.state / "cairn" / "backend" / ".pulumi" / "stacks" / "cairn" / f"{life.name}.json"
    before = state.read_bytes()
    yield
    assert state.read_bytes() == before
    assert all(is_true(node, "Ready") for node in cluster.find(NODE))


def mover(node: str) -> Object:
    """A Deployment of one pod that runs on `node` while that can be had."""
    labels = {"app": "mover"}
    spec = preferring(pod_spec(SLEEP), node) | {"restartPolicy": "Always"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "mover", "namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    }


def where(cluster: Cluster) -> str:
    """The node on which the mover's pod is ready; empty while it is on none."""
    found = [one for one in cluster.find(POD, "default", "app=mover") if is_true(one, "Ready")]
    return str(found[0]["spec"]["nodeName"]) if len(found) == 1 else ""


def test_of_two_ups_at_once_one_works_and_the_other_says_who_does(life: Life) -> None:
    lost, won = sorted(life.ups, key=lambda done: done.returncode == 0)
    assert won.returncode == 0, won.stderr
    assert lost.returncode == 2
    assert "is being changed by another process (pid" in lost.stderr


def test_a_preview_after_up_is_empty(unchanged: Callable[[], None]) -> None:
    unchanged()


def test_plain_pulumi_sees_no_drift(life: Life) -> None:
    done = life.person.shell(f"pulumi preview --refresh --expect-no-changes --non-interactive --stack {life.name}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_secret_lies_in_plain_text_in_state_logs_or_output(life: Life) -> None:
    outputs = life.person.shell(f"pulumi stack output --json --show-secrets --stack {life.name}")
    state = life.person.shell(f"pulumi stack export --show-secrets --stack {life.name}")
    admin = yaml.safe_load(json.loads(outputs.stdout)["kubeconfig"])["users"][0]["user"]["client-key-data"]
    kept = [admin, *credentials(json.loads(state.stdout))]
    assert len(kept) > 2
    said = "".join(done.stdout + done.stderr for done in life.ups)
    assert not [canary for canary in canaries(kept) if canary in said]
    # What lies in a node is the cluster's own, as its keys and etcd are.
    written = (path for path in (life.person.state / "cairn").rglob("*") if "nodes" not in path.parts)
    places = [path for path in written if path.is_file()]
    assert leaks([*places, REPOSITORY / f"Pulumi.{life.name}.yaml"], kept) == []
    shown = life.person.shell(f"pulumi stack export --stack {life.name} && pulumi stack output --stack {life.name}")
    assert not [canary for canary in canaries(kept) if canary in shown.stdout]


@pytest.mark.usefixtures("untouched")
def test_an_environment_on_its_addresses_is_refused_and_leaves_nothing(life: Life) -> None:
    done = life.person.tries("up", SMALL, "--name", "squatter")
    assert done.returncode == 2
    assert "10.97.0.0/24 is taken" in words(done)
    assert "--set cluster.address_range=" in words(done)


@pytest.mark.usefixtures("untouched")
def test_reading_selects_no_stack_and_writes_no_file(life: Life) -> None:
    # Those of other environments are written meanwhile by the tests that make them.
    files = [REPOSITORY / f"Pulumi.{name}.yaml" for name in (life.name, "other", "nothing-there")]
    before = {file: file.read_bytes() for file in files if file.exists()}
    life.person.shell("pulumi stack init other")
    try:
        life.person.runs("status", "--name", life.name)
        life.person.runs("preview", SMALL, "--name", "nothing-there", "--set", "cluster.address_range=10.103.0.0/24")
        assert "other*" in life.person.shell("pulumi stack ls").stdout
    finally:
        life.person.shell("pulumi stack rm other --yes")
    assert {file: file.read_bytes() for file in files if file.exists()} == before


@pytest.mark.usefixtures("untouched")
def test_a_preview_of_another_worker_shows_that_worker_and_replaces_nothing(life: Life) -> None:
    steps = life.person.changes(life.name, "--set", "cluster.workers=2")
    assert {step["operation"] for step in steps} == {"create", "update"}
    made = [step["resource"] for step in steps if step["operation"] == "create"]
    assert len(made) == 4
    assert all(f"{life.name}-worker-2" in resource for resource in made)


def test_what_is_deleted_or_changed_by_hand_is_told_and_made_again(
    life: Life, cluster: Cluster, unchanged: Callable[[], None]
) -> None:
    cluster.remove(POLICY, "team-tokens-expire")
    cluster.remove(DEPLOYMENT, "kueue-controller-manager", "kueue-system")
    cluster.remove(ACCOUNT, "kueue-controller-manager", "kueue-system")
    told = json.loads(life.person.runs("preview", "--name", life.name, "--json"))
    for gone in (
        "ValidatingAdmissionPolicy team-tokens-expire",
        "Deployment kueue-system/kueue-controller-manager",
        "ServiceAccount kueue-system/kueue-controller-manager",
    ):
        assert f"{gone} is gone" in told["drift"]
    status = life.person.tries("status", "--name", life.name).stdout
    assert "ValidatingAdmissionPolicy team-tokens-expire: not there" in status
    life.person.runs("up", "--name", life.name)
    assert cluster.get(POLICY, "team-tokens-expire")
    unchanged()


@pytest.mark.usefixtures("untouched")
def test_a_team_that_would_go_is_named_and_asked_for_by_cairn_and_protected_from_plain_pulumi(life: Life) -> None:
    settings = REPOSITORY / f"Pulumi.{life.name}.yaml"
    before = settings.read_bytes()
    without = ("--set", "teams.team-a=null")
    preview = json.loads(life.person.runs("preview", "--name", life.name, *without, "--json"))
    assert "namespace team-a" in preview["deletes"]
    refused = life.person.tries("up", "--name", life.name, *without)
    assert refused.returncode == 2
    assert "namespace team-a" in refused.stderr
    assert "--yes" in refused.stderr
    status, shown = life.person.answers("n", "up", "--name", life.name, *without)
    assert status == 1
    assert "namespace team-a" in shown
    assert settings.read_bytes() == before
    try:
        life.person.shell(f"""pulumi config set set '{{"teams.team-a": null}}' --stack {life.name}""")
        done = life.person.shell(f"pulumi preview --non-interactive --stack {life.name}")
    finally:
        settings.write_bytes(before)
    assert done.returncode != 0
    assert "protected" in done.stdout + done.stderr
    # The way back is to say what was said before.
    again = life.person.shell(f"pulumi preview --expect-no-changes --non-interactive --stack {life.name}")
    assert again.returncode == 0, again.stdout


@pytest.fixture(scope="module")
def grown(life: Life) -> str:
    """The environment with a worker more, which it names, and with names for the hosts of its entry point."""
    life.person.hosts.write_text(OWN_HOSTS)
    names = "modules.gateway={etc_hosts: {also: [iris--team-a]}}"
    life.person.runs("up", "--name", life.name, "--set", "cluster.workers=2", "--set", names)
    return f"{life.name}-worker-2"


@pytest.fixture(scope="module")
def shrunk(life: Life, grown: str) -> str:
    """The environment as it was before, without the worker that it names."""
    life.person.runs("up", "--name", life.name, "--unset", "cluster.workers", "--unset", "modules.gateway")
    return grown


def test_a_worker_that_is_asked_for_joins_and_takes_pods(cluster: Cluster, grown: str) -> None:
    assert is_true(cluster.get(NODE, grown) or {}, "Ready")
    cluster.create(mover(grown))
    until(lambda: where(cluster) == grown, pods.PULL_SECONDS, f"the pod to run on {grown}")


@pytest.mark.usefixtures("grown")
def test_hosts_have_names_on_this_machine_where_the_settings_ask_for_them(life: Life) -> None:
    assert life.person.hosts.read_text().startswith(f"{OWN_HOSTS}10.97.0.11\tiris--team-a.cairn.test\t")
    life.person.hosts.write_text(life.person.hosts.read_text() + PRINTER)
    assert life.person.changes(life.name) == []


def test_what_ran_on_a_worker_that_goes_moves_and_nothing_of_it_stays(
    life: Life, cluster: Cluster, shrunk: str
) -> None:
    assert cluster.get(NODE, shrunk) is None
    until(lambda: where(cluster) not in ("", shrunk), pods.PULL_SECONDS, "the pod to run elsewhere")
    assert shrunk not in "".join(look(life.person.state).namespaces)
    assert not list(life.person.state.rglob(f"nodes/{shrunk}"))
    cluster.remove(DEPLOYMENT, "mover", "default")


@pytest.mark.usefixtures("shrunk")
def test_names_go_from_this_machine_and_what_its_owner_wrote_stays(life: Life) -> None:
    assert life.person.hosts.read_text() == f"{OWN_HOSTS}{PRINTER}"


def test_a_platform_on_this_cluster_reports_what_is_there_and_leaves_it(
    life: Life, tmp_path: Path, unchanged: Callable[[], None]
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig(life.person, life.name))
    try:
        done = life.person.tries("up", GUEST, "--name", "guest", "--kubeconfig", str(file))
        assert done.returncode == 0, done.stderr
        assert "storage" in done.stdout + done.stderr
        assert life.person.changes("guest") == []
    finally:
        gone = life.person.tries("down", "--name", "guest", "--yes")
    assert gone.returncode == 0, gone.stderr
    unchanged()


@pytest.mark.usefixtures("untouched")
def test_down_names_the_volumes_and_takes_no_for_an_answer(life: Life, cluster: Cluster) -> None:
    cluster.create(volume_claim("kept", "default"))
    pods.output(cluster, with_volume(pod("writer", "default", WRITE), "kept", "/data"))
    status, shown = life.person.answers("n", "down", "--name", life.name)
    assert status == 1
    assert "default/kept" in shown
    assert "nothing was deleted" in shown


def test_down_without_a_terminal_wants_a_yes(life: Life) -> None:
    done = life.person.tries("down", "--name", life.name)
    assert done.returncode == 2
    assert f"cairn down --name {life.name} --yes" in done.stderr


def test_down_leaves_nothing(life: Life) -> None:
    life.person.runs("down", "--name", life.name, "--yes")
    left = look(life.person.state).left_since(life.before, life.handle)
    left.pop("settings", None)  # test_machine.py holds those
    assert left == {}
    assert not list((life.person.state / "cairn" / "environments").glob("*"))
    assert not (REPOSITORY / f"Pulumi.{life.name}.yaml").exists()
