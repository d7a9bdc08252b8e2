"""The official Kubernetes plug-in and the stand-ins beside it, under the real `pulumi`: a plain Python program."""

import base64
import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator

import psutil
import pytest
from kubernetes import client

from modules.contract.lock import lock
from smoke_tests.plugins.charts import write_chart
from smoke_tests.plugins.project import Project
from smoke_tests.support.waiting import until

IMAGE = lock().image("python")
"""Present on every cluster of Cairn's."""
NO_IMAGE = "registry.invalid/none:1"
PASSWORD = "correct-horse-battery"
SOON_SECONDS = 300
"""Half of what the plug-in waits for a Deployment that can't come up."""

PLATFORM = f"""
space = make("core/v1:Namespace", "space", {{"metadata": {{"name": config.require("space")}}}})
where = {{"namespace": config.require("space")}}
make("core/v1:Secret", "login", {{"metadata": where, "stringData": {{"password": config.require_secret("password")}}}},
     depends_on=[space])
words = make("core/v1:ConfigMap", "words", {{"metadata": {{"name": "words", **where}},
     "data": {{"word": config.get("word") or "one"}}}}, depends_on=[space])
container = {{"name": "c", "image": config.get("image") or "{IMAGE}", "command": ["sleep", "1000"],
     "env": [{{"name": "PASSWORD", "value": config.require_secret("password")}}]}}
make("apps/v1:Deployment", "web", {{"metadata": {{"name": "web", **where}}, "spec": {{
     "replicas": config.get_int("replicas") or 1, "selector": {{"matchLabels": {{"app": "web"}}}},
     "template": {{"metadata": {{"labels": {{"app": "web"}}}},
                  "spec": {{"terminationGracePeriodSeconds": 0, "containers": [container]}}}}}}}}, depends_on=[space])
make("helm.sh/v3:Release", "mini", {{"chart": "../charts/mini", "name": "mini", "namespace": config.require("space"),
     "timeout": 60, "values": {{"password": config.require_secret("password")}}}}, depends_on=[space])
pulumi.export("directory", str(Path.cwd()))
"""


@pytest.fixture
def platform(project: Callable[[str], Project], namespace: str) -> Project:
    """A project with objects of several kinds and a release, not up yet."""
    return _prepared(project(PLATFORM), f"{namespace}-stack")


@pytest.fixture(scope="module")
def running(kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The same project, up, for the tests that leave it as they found it; `log` is all that its `up` said."""
    made = _prepared(Project(tmp_path_factory.mktemp("running") / "project", PLATFORM, kubeconfig), _unique())
    (made.directory / "log").write_text(made.run("up", "--yes", "--diff", "--debug"))
    yield made
    made.clean()


# One process runs them, so that one stack serves them all.
together = pytest.mark.together("plugins-running")


def _prepared(project: Project, space: str) -> Project:
    write_chart(project.directory / "charts" / "mini", IMAGE)
    project.run("config", "set", "space", space)
    project.run("config", "set", "--secret", "password", PASSWORD)
    return project


def _unique() -> str:
    return f"plugin-{uuid.uuid4().hex[:8]}"


def test_a_stack_comes_up_changes_and_goes(platform: Project, api: client.ApiClient, namespace: str) -> None:
    assert "7 to create" in platform.run("preview")
    platform.up()

    # A change is shown, made, and is then no change; what replaces is replaced.
    platform.run("config", "set", "replicas", "2")
    platform.run("config", "set", "word", "two")
    shown = platform.run("preview", "--diff")
    assert "replicas: 1 => 2" in shown
    assert "1 to update" in shown
    assert "1 to replace" in shown
    platform.up()
    assert platform.state()["web"]["outputs"]["status"]["readyReplicas"] == 2
    assert client.CoreV1Api(api).read_namespaced_config_map("words", f"{namespace}-stack").data == {"word": "two"}
    assert "7 unchanged" in platform.run("preview", "--expect-no-changes")

    platform.run("destroy", "--yes", "--skip-preview")
    assert platform.state() == {}


@together
def test_nothing_changes_without_a_change(running: Project) -> None:
    resources = running.state()
    assert resources["words"]["id"].endswith("/words")
    assert resources["mini"]["outputs"]["status"]["status"] == "deployed"
    # Charts may be named by paths that start at the program's directory.
    assert resources["mini"]["inputs"]["chart"] == "../charts/mini"
    assert "7 unchanged" in running.run("refresh", "--yes", "--skip-preview")
    assert "7 unchanged" in running.run("preview", "--expect-no-changes")


@together
def test_a_secret_shows_up_nowhere(running: Project) -> None:
    texts = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode()]
    files = [running.directory / "log", *(running.directory / "state").rglob("*")]
    for path in files:
        if path.is_file():
            content = path.read_text(errors="replace")
            assert not any(text in content for text in texts), path


@together
def test_drift_is_seen_by_a_refresh_and_taken_back_by_an_up(running: Project, api: client.ApiClient) -> None:
    space = running.run("config", "get", "space").strip()
    core = client.CoreV1Api(api)
    core.patch_namespaced_config_map("words", space, {"data": {"word": "drift"}}, field_manager="kubectl-edit")
    assert "1 updated" in running.run("refresh", "--yes", "--skip-preview")
    running.up()
    assert core.read_namespaced_config_map("words", space).data == {"word": "one"}


@together
def test_another_kubeconfig_for_the_same_cluster_replaces_nothing(running: Project, kubeconfig: str) -> None:
    path = running.directory / "kubeconfig"
    path.write_text(kubeconfig + "\n# renewed\n")
    shown = running.run("preview", "--json")
    path.write_text(kubeconfig)
    changes = json.loads(shown[shown.index("{") :])["changeSummary"]
    assert changes.get("replace", 0) == 0
    assert changes.get("update", 0) == 1


@together
def test_an_existing_object_is_imported(running: Project, api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "made-by-hand"}, "data": {"a": "b"}})
    provider = next(item["urn"] for name, item in running.state().items() if name == "cluster")
    words = ["import", "--yes", "--generate-code=false", "--protect=false", "--provider", f"cluster={provider}"]
    running.run(*words, "kubernetes:core/v1:ConfigMap", "adopted", f"{namespace}/made-by-hand")
    adopted = running.state()["adopted"]
    assert adopted["inputs"]["data"] == {"a": "b"}
    running.run("state", "delete", adopted["urn"], "--yes")
    missing = running.tries(*words, "kubernetes:core/v1:ConfigMap", "missing", f"{namespace}/there-is-none")
    assert missing.returncode != 0
    assert "does not exist" in missing.stdout


@together
def test_an_update_that_the_server_would_refuse_fails_the_preview(running: Project) -> None:
    running.program(PLATFORM.replace('"command": ["sleep", "1000"]', '"command": ["sleep", "1000"], "ports": 3'))
    done = running.tries("preview")
    running.program(PLATFORM)
    assert done.returncode != 0
    assert "ports" in done.stdout


def test_what_failed_to_get_ready_is_repaired_by_the_next_up(platform: Project) -> None:
    platform.run("config", "set", "image", NO_IMAGE)
    platform.program(PLATFORM.replace('"apps/v1:Deployment", "web", {"metadata": {"name": "web", **where}',
        '"apps/v1:Deployment", "web", {"metadata": {"name": "web", "annotations": {"pulumi.com/timeoutSeconds": "15"}, '
        '**where}'))  # fmt: skip
    done = platform.tries("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "unready status: [c]" in done.stdout
    assert "Pull" in done.stdout
    assert platform.state()["web"]["initErrors"]
    platform.run("config", "rm", "image")
    platform.program(PLATFORM)
    platform.up()
    assert "initErrors" not in platform.state()["web"]


def test_a_cancel_ends_the_run_soon_and_keeps_what_was_made(platform: Project, api: client.ApiClient) -> None:
    platform.run("config", "set", "image", NO_IMAGE)
    space = platform.run("config", "get", "space").strip()
    process = platform.start("up", "--yes", "--skip-preview")
    apps = client.AppsV1Api(api)
    until(lambda: any(item.metadata.name == "web" for item in apps.list_namespaced_deployment(space).items), 60, "web")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=SOON_SECONDS)
    assert process.returncode != 0, output
    assert "web" in platform.state()


def test_killed_at_any_moment_a_run_leaves_no_process_and_the_next_one_finishes(
    platform: Project, api: client.ApiClient
) -> None:
    for seconds in (2.5, 4.0, 6.0):
        process = platform.start("up", "--yes", "--skip-preview")
        # A moment in the run, not a wait for anything.
        time.sleep(seconds)
        family = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        _until_dead(family)
        platform.run("cancel", "--yes")
    platform.up()
    assert "7 unchanged" in platform.run("preview")
    assert platform.state()["mini"]["outputs"]["status"]["status"] == "deployed"


def _until_dead(processes: list[psutil.Process]) -> None:
    until(lambda: not any(_is_alive(each) for each in processes), 20, "no process is left")


def _is_alive(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


GATES = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
class Gate(ResourceProvider):
    def create(self, props):
        import time
        pulumi.log.warn("gate " + str(props["number"]) + " waits")
        time.sleep(3)
        return CreateResult("gate", {"word": props["word"], "at": time.time()})
class GateResource(Resource):
    def __init__(self, name, **props):
        options = pulumi.ResourceOptions(additional_secret_outputs=["word"])
        super().__init__(Gate(), name, {**props, "at": None}, options)
for number in range(8):
    GateResource(f"gate{number}", number=number, word="in-the-provider")
"""


def test_dynamic_resources_are_made_side_by_side_and_may_log_and_keep_secrets(
    project: Callable[[str], Project],
) -> None:
    made = project(GATES)
    output = made.run("up", "--yes", "--skip-preview", "--parallel", "16")
    assert output.count(" waits") >= 8
    gates = [item for name, item in made.state().items() if name.startswith("gate")]
    times = [float(item["outputs"]["at"]) for item in gates]
    assert max(times) - min(times) < 3
    assert "in-the-provider" not in json.dumps([item["outputs"]["word"] for item in gates])
