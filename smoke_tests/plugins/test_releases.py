"""Helm releases on a real cluster."""

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes.values import Secret
from smoke_tests.plugins.charts import write_chart
from smoke_tests.plugins.control_plane import NO_IMAGE
from smoke_tests.plugins.objects import IMAGE
from smoke_tests.plugins.provider import CallError, InitError, Provider
from smoke_tests.support.waiting import until

RELEASE = "helm.sh/v3:Release"


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_chart(tmp_path_factory.mktemp("charts") / "mini", IMAGE))


def inputs(chart: str, namespace: str, timeout: int = 60, **values: Any) -> dict[str, Any]:
    return {"chart": chart, "name": "rel", "namespace": namespace, "timeout": timeout, "values": values}


def helm(kubeconfig: Path, *words: str) -> str:
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(["helm", *words], env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@pytest.fixture
def config_file(kubeconfig: str, tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(kubeconfig)
    return path


def statuses(api: client.ApiClient, namespace: str) -> list[str]:
    """The statuses of the release's revisions, oldest first."""
    secrets = client.CoreV1Api(api).list_namespaced_secret(namespace, label_selector="owner=helm").items
    secrets.sort(key=lambda secret: int(secret.metadata.labels["version"]))
    return [secret.metadata.labels["status"] for secret in secrets]


def test_a_release_has_the_recorded_form_is_upgraded_refreshed_and_uninstalled(
    provider: Provider, api: client.ApiClient, namespace: str, chart: str, config_file: Path
) -> None:
    made = provider.create(RELEASE, "rel", inputs(chart, namespace, replicas=1))
    assert made.id == f"{namespace}/rel"
    assert made.inputs["version"] == "0.1.0"
    assert made.outputs["__inputs"] == Secret(made.inputs)
    assert made.outputs["resourceNames"] == {
        "ConfigMap/v1": [f"{namespace}/rel-words"],
        "Deployment.apps/apps/v1": ["rel-web"],
    }
    assert made.outputs["status"] == {
        "appVersion": "7", "chart": "mini", "name": "rel", "namespace": namespace, "revision": 1,
        "status": "deployed", "version": "0.1.0",
    }  # fmt: skip
    assert provider.diff(made, inputs(chart, namespace, replicas=1)).changes == provider_pb2.DiffResponse.DIFF_NONE

    changed = inputs(chart, namespace, replicas=2)
    found = provider.diff(made, changed)
    assert (list(found.detailedDiff), list(found.replaces)) == (["values.replicas"], [])
    assert provider.update(made, changed, preview=True)
    assert statuses(api, namespace) == ["deployed"]
    made = provider.update(made, changed)
    assert made.outputs["status"]["revision"] == 2  # type: ignore[index]
    assert client.AppsV1Api(api).read_namespaced_deployment("rel-web", namespace).status.ready_replicas == 2

    assert provider.read(RELEASE, "rel", made.id, made).inputs == made.inputs
    helm(config_file, "upgrade", "rel", chart, "-n", namespace, "--set", "replicas=3", "--wait")
    seen = provider.read(RELEASE, "rel", made.id, made)
    assert list(provider.diff(seen, changed).detailedDiff) == ["values.replicas"]

    provider.delete(seen)
    assert statuses(api, namespace) == []
    assert not client.AppsV1Api(api).list_namespaced_deployment(namespace).items
    assert provider.read(RELEASE, "rel", made.id, made).id == ""


def test_a_release_that_is_not_ready_in_time_leaves_a_failed_release_and_is_recorded(
    provider: Provider, api: client.ApiClient, namespace: str, chart: str
) -> None:
    with pytest.raises(InitError, match="is failed") as error:
        provider.create(RELEASE, "rel", inputs(chart, namespace, timeout=15, image=NO_IMAGE))
    assert statuses(api, namespace) == ["failed"]
    assert error.value.made.outputs["status"]["status"] == "failed"  # type: ignore[index]
    assert any("rel-web" in reason and "Pull" in reason for reason in error.value.reasons)
    made = provider.update(error.value.made, inputs(chart, namespace))
    assert made.outputs["status"]["status"] == "deployed"  # type: ignore[index]
    provider.delete(made)


def test_an_atomic_release_that_fails_leaves_nothing(
    provider: Provider, api: client.ApiClient, namespace: str, chart: str
) -> None:
    with pytest.raises(CallError):
        provider.create(RELEASE, "rel", {**inputs(chart, namespace, timeout=5, image=NO_IMAGE), "atomic": True})
    assert statuses(api, namespace) == []


@pytest.mark.parametrize("installed", [False, True], ids=["install", "upgrade"])
def test_a_release_whose_helm_was_killed_is_repaired_by_the_next_run(
    provider: Provider, kubeconfig: str, api: client.ApiClient, namespace: str, chart: str, installed: bool
) -> None:
    if installed:
        provider.create(RELEASE, "rel", inputs(chart, namespace))
    pending = "pending-upgrade" if installed else "pending-install"
    with Provider.start(kubeconfig) as doomed:
        attempt = threading.Thread(target=_ignore, args=(doomed, inputs(chart, namespace, image=NO_IMAGE)))
        attempt.start()
        until(lambda: pending in statuses(api, namespace), 60, pending)
        # As the engine's end does: the whole group of the plug-in, with helm in it.
        os.killpg(doomed.process.pid, signal.SIGKILL)
        attempt.join()
    assert pending in statuses(api, namespace)
    made = provider.create(RELEASE, "rel", inputs(chart, namespace))
    assert made.outputs["status"]["status"] == "deployed"  # type: ignore[index]
    assert not any("pending" in status for status in statuses(api, namespace))
    provider.delete(made)


def _ignore(provider: Provider, wanted: dict[str, Any]) -> None:
    try:
        provider.create(RELEASE, "rel", wanted)
    except (InitError, CallError):
        return


def test_a_release_that_was_made_but_not_recorded_is_taken_up(
    provider: Provider, api: client.ApiClient, namespace: str, chart: str
) -> None:
    provider.create(RELEASE, "rel", inputs(chart, namespace))
    made = provider.create(RELEASE, "rel", inputs(chart, namespace))
    assert statuses(api, namespace) == ["superseded", "deployed"]
    provider.delete(made)


def test_somebody_elses_release_is_left_alone(
    provider: Provider, namespace: str, chart: str, config_file: Path
) -> None:
    helm(config_file, "install", "rel", chart, "-n", namespace)
    with pytest.raises(CallError, match=r"exists already.*pulumi import"):
        provider.create(RELEASE, "rel", inputs(chart, namespace))
    imported = provider.read(RELEASE, "rel", f"{namespace}/rel")
    assert imported.inputs["version"] == "0.1.0"
    provider.delete(imported)


def test_a_cancel_stops_helm_and_the_release_is_recorded_as_failed(
    provider: Provider, api: client.ApiClient, namespace: str, chart: str
) -> None:
    def cancel() -> None:
        until(lambda: "pending-install" in statuses(api, namespace), 60, "pending-install")
        provider.cancel()

    threading.Thread(target=cancel).start()
    with pytest.raises(InitError, match="is failed"):
        provider.create(RELEASE, "rel", inputs(chart, namespace, image=NO_IMAGE))
    assert statuses(api, namespace) == ["failed"]


def test_a_chart_that_is_not_there_is_named(provider: Provider, namespace: str) -> None:
    with pytest.raises(CallError, match="no chart at /nowhere/chart"):
        provider.create(RELEASE, "rel", inputs("/nowhere/chart", namespace))


def test_values_that_the_chart_refuses_are_helms_words(provider: Provider, namespace: str, chart: str) -> None:
    with pytest.raises((CallError, InitError), match="replicas"):
        provider.create(RELEASE, "rel", inputs(chart, namespace, replicas="many"))


def test_a_namespace_is_made_and_nothing_is_awaited_where_that_is_wanted(
    provider: Provider, api: client.ApiClient, namespace: str, chart: str
) -> None:
    other = f"{namespace}-more"
    wanted = {**inputs(chart, other, image=NO_IMAGE), "createNamespace": True, "skipAwait": True}
    made = provider.create(RELEASE, "rel", wanted)
    assert made.outputs["status"]["status"] == "deployed"  # type: ignore[index]
    provider.delete(made)
    client.CoreV1Api(api).delete_namespace(other)
