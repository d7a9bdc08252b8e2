"""The plug-ins under the real `pulumi`: a normal Python program from the plain command line."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from kubernetes import client

from smoke_tests.plugins.charts import write_chart
from smoke_tests.plugins.control_plane import NO_IMAGE
from smoke_tests.plugins.objects import IMAGE
from smoke_tests.plugins.project import Project
from smoke_tests.waiting import until

PASSWORD = "correct-horse-battery"

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
def platform(project: Callable[[str], Project], tmp_path: Path, namespace: str) -> Project:
    """A project with objects of several kinds and a release, not up yet."""
    made = project(PLATFORM)
    write_chart(made.directory / "charts" / "mini", IMAGE)
    made.run("config", "set", "space", f"{namespace}-stack")
    made.run("config", "set", "--secret", "password", PASSWORD)
    return made


def test_a_stack_comes_up_stays_as_it_is_changes_and_goes(platform: Project, api: client.ApiClient) -> None:
    assert "7 to create" in platform.run("preview")
    platform.up()
    resources = platform.state()
    assert resources["words"]["id"].endswith("-stack/words")
    assert resources["mini"]["outputs"]["status"]["status"] == "deployed"
    # Charts may be named by paths that start at the program's directory.
    assert resources["mini"]["inputs"]["chart"] == "../charts/mini"

    # Nothing changes without a change.
    assert "7 unchanged" in platform.up()
    assert "7 unchanged" in platform.run("refresh", "--yes", "--skip-preview")
    assert "7 unchanged" in platform.run("preview", "--expect-no-changes")

    # A change is shown, made, and is then no change.
    platform.run("config", "set", "replicas", "2")
    shown = platform.run("preview", "--diff")
    assert "replicas: 1 => 2" in shown
    assert "1 to update" in shown
    platform.up()
    assert platform.state()["web"]["outputs"]["status"]["readyReplicas"] == 2

    # What replaces is replaced.
    platform.run("config", "set", "word", "two")
    assert "1 to replace" in platform.run("preview", "--diff")
    platform.up()
    space = platform.run("config", "get", "space").strip()
    assert client.CoreV1Api(api).read_namespaced_config_map("words", space).data == {"word": "two"}

    platform.run("destroy", "--yes", "--skip-preview")
    assert platform.state() == {}


def test_a_secret_shows_up_nowhere(platform: Project) -> None:
    output = platform.run("up", "--yes", "--diff", "--debug")
    output += platform.run("refresh", "--yes", "--diff", "--debug")
    encoded = ("Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5", PASSWORD)
    for text in encoded:
        assert text not in output
    for path in (platform.directory / "state").rglob("*"):
        if path.is_file():
            content = path.read_text(errors="replace")
            assert not any(text in content for text in encoded), path


def test_drift_is_seen_by_a_refresh_and_taken_back_by_an_up(platform: Project, api: client.ApiClient) -> None:
    platform.up()
    space = platform.run("config", "get", "space").strip()
    core = client.CoreV1Api(api)
    core.patch_namespaced_config_map("words", space, {"data": {"word": "drift"}}, field_manager="kubectl-edit")
    assert "1 updated" in platform.run("refresh", "--yes", "--skip-preview")
    platform.up()
    assert core.read_namespaced_config_map("words", space).data == {"word": "one"}


def test_an_existing_object_is_imported(platform: Project, api: client.ApiClient, namespace: str) -> None:
    platform.up()
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "made-by-hand"}, "data": {"a": "b"}})
    provider = next(item["urn"] for name, item in platform.state().items() if name == "cluster")
    platform.run(
        "import", "--yes", "--generate-code=false", "--protect=false", "--provider", f"cluster={provider}",
        "kubernetes:core/v1:ConfigMap", "adopted", f"{namespace}/made-by-hand",
    )  # fmt: skip
    assert platform.state()["adopted"]["inputs"]["data"] == {"a": "b"}
    missing = platform.tries(
        "import", "--yes", "--generate-code=false", "--provider", f"cluster={provider}",
        "kubernetes:core/v1:ConfigMap", "missing", f"{namespace}/there-is-none",
    )  # fmt: skip
    assert missing.returncode != 0
    assert "does not exist" in missing.stdout


def test_an_update_that_the_server_would_refuse_fails_the_preview(platform: Project) -> None:
    platform.up()
    platform.program(PLATFORM.replace('"command": ["sleep", "1000"]', '"command": ["sleep", "1000"], "ports": 3'))
    done = platform.tries("preview")
    assert done.returncode != 0
    assert "ports" in done.stdout
    platform.program(PLATFORM)


def test_what_failed_to_get_ready_is_repaired_by_the_next_up(platform: Project) -> None:
    platform.run("config", "set", "image", NO_IMAGE)
    platform.program(PLATFORM.replace('"apps/v1:Deployment", "web", {"metadata": {"name": "web", **where}',
        '"apps/v1:Deployment", "web", {"metadata": {"name": "web", "annotations": {"pulumi.com/timeoutSeconds": "4"}, '
        '**where}'))  # fmt: skip
    done = platform.tries("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "0 of 1 pods ready" in done.stdout
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
    started = time.monotonic()
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert time.monotonic() - started < 60, output
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


def test_another_kubeconfig_for_the_same_cluster_replaces_nothing(platform: Project, kubeconfig: str) -> None:
    platform.up()
    (platform.directory / "kubeconfig").write_text(kubeconfig + "\n# renewed\n")
    shown = platform.run("preview", "--json")
    changes = json.loads(shown[shown.index("{") :])["changeSummary"]
    assert changes.get("replace", 0) == 0
    assert changes.get("update", 0) == 1


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
