"""Helm releases: installing, taking up, repairing and reading them."""

import base64
import gzip
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from plugins.kubernetes import charts
from plugins.kubernetes.applying import Objects
from plugins.kubernetes.checking import Naming
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import NotReadyError, Object, ProviderError
from plugins.kubernetes.helm import Helm, HelmError
from plugins.kubernetes.releases import Releases
from plugins.kubernetes.values import UNKNOWN, Properties, Secret
from tests.plugins.fake_cluster import FakeCluster

URN = "urn:pulumi:a::b::kubernetes:helm.sh/v3:Release::web"
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: try}\n"


class FakeHelm(Helm):
    """Helm whose commands write release records into the fake API server."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__(cast(Cluster, cluster), threading.Event(), {})
        self.cluster = cluster
        self.commands: list[list[str]] = []
        self.values: Object | None = None
        self.outcome = "deployed"
        self.number = 0

    def run(self, arguments: Sequence[str], values: Object | None = None) -> str:
        self.commands.append(list(arguments))
        self.values = values
        if arguments[0] in ("install", "upgrade"):
            if self.outcome == "refused":
                raise HelmError("chart is broken")
            self.put(self.outcome, values or {}, charts.owner_label(URN))
            if self.outcome != "deployed":
                raise HelmError("context deadline exceeded")
        if arguments[0] == "uninstall":
            self.cluster.objects.clear()
        return ""

    def put(self, status: str, values: Object, owner: str = "") -> None:
        """Write the record of a new revision."""
        self.number += 1
        name = f"sh.helm.release.v1.web.v{self.number}"
        record = {
            "name": "web",
            "namespace": "try",
            "version": self.number,
            "config": values,
            "manifest": MANIFEST,
            "info": {"status": status},
            "chart": {"metadata": {"name": "mini", "version": "0.1.0", "appVersion": "7"}},
        }
        data = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(record).encode()))).decode()
        labels = {"version": str(self.number), "status": status, "name": "web", "owner": "helm", "pulumi-urn": owner}
        self.cluster.objects[f"/api/v1/namespaces/try/secrets/{name}"] = {
            "metadata": {"name": name, "labels": labels},
            "data": {"release": data},
        }

    @property
    def verbs(self) -> list[str]:
        return [command[0] for command in self.commands]


@pytest.fixture
def helm() -> FakeHelm:
    return FakeHelm(FakeCluster())


@pytest.fixture
def releases(helm: FakeHelm) -> Releases:
    return Releases(helm, Objects(cast(Cluster, helm.cluster), threading.Event()))


def inputs(**more: Any) -> Properties:
    given = {"chart": "mini", "namespace": "try", "values": {"a": 1}, "version": "0.1.0", **more}
    return charts.complete(given, "web", "")


def test_a_release_is_installed_and_its_outputs_have_the_official_form(helm: FakeHelm, releases: Releases) -> None:
    state = releases.create(inputs(), URN, preview=False)
    assert helm.commands[0][:5] == ["install", "web", "mini", "--namespace", "try"]
    assert helm.values == {"a": 1}
    assert state.resource_id == "try/web"
    assert state.outputs == {
        **inputs(),
        "__inputs": Secret(inputs()),
        "resourceNames": {"ConfigMap/v1": ["try/web"]},
        "status": {
            "appVersion": "7",
            "chart": "mini",
            "name": "web",
            "namespace": "try",
            "revision": 1,
            "status": "deployed",
            "version": "0.1.0",
        },
    }


def test_secret_values_reach_helm_and_stay_secret_in_the_outputs(helm: FakeHelm, releases: Releases) -> None:
    state = releases.create({**inputs(), "values": {"password": Secret("hush")}}, URN, preview=False)
    assert helm.values == {"password": "hush"}
    assert not any("hush" in argument for argument in helm.commands[0])
    assert state.outputs["values"] == {"password": Secret("hush")}


def test_a_preview_runs_nothing(helm: FakeHelm, releases: Releases) -> None:
    state = releases.create(inputs(), URN, preview=True)
    assert helm.commands == []
    assert state.outputs["status"] is UNKNOWN


def test_a_release_that_is_not_ready_in_time_is_kept_with_its_failed_status(helm: FakeHelm, releases: Releases) -> None:
    helm.outcome = "failed"
    with pytest.raises(NotReadyError, match="try/web is failed: context deadline exceeded") as error:
        releases.create(inputs(), URN, preview=False)
    assert error.value.live["status"]["status"] == "failed"


def test_a_release_that_helm_refused_is_not_kept(helm: FakeHelm, releases: Releases) -> None:
    helm.outcome = "refused"
    with pytest.raises(HelmError, match="chart is broken"):
        releases.create(inputs(), URN, preview=False)


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback"])
def test_a_release_whose_helm_was_killed_is_made_again(helm: FakeHelm, releases: Releases, status: str) -> None:
    helm.put(status, {}, charts.owner_label(URN))
    assert releases.create(inputs(), URN, preview=False).outputs["status"]["status"] == "deployed"  # type: ignore[index]
    assert helm.verbs == ["install"]


@pytest.mark.parametrize("status", ["deployed", "failed"])
def test_a_release_that_was_made_but_not_recorded_is_taken_up(helm: FakeHelm, releases: Releases, status: str) -> None:
    helm.put(status, {}, charts.owner_label(URN))
    releases.create(inputs(), URN, preview=False)
    assert helm.verbs == ["upgrade"]


def test_somebody_elses_release_is_not_touched(helm: FakeHelm, releases: Releases) -> None:
    helm.put("deployed", {}, "another")
    with pytest.raises(ProviderError, match="try/web exists already"):
        releases.create(inputs(), URN, preview=False)
    assert helm.commands == []


def test_an_installation_of_somebody_else_that_is_under_way_is_not_touched(helm: FakeHelm, releases: Releases) -> None:
    helm.put("pending-install", {}, "another")
    with pytest.raises(ProviderError, match="exists already"):
        releases.create(inputs(), URN, preview=False)
    assert helm.cluster.made("DELETE") == []


def test_an_uninstallation_whose_helm_was_killed_is_brought_to_its_end(helm: FakeHelm, releases: Releases) -> None:
    helm.put("uninstalling", {}, charts.owner_label(URN))
    releases.create(inputs(), URN, preview=False)
    assert helm.verbs == ["uninstall", "install"]


def test_an_upgrade_whose_helm_was_killed_goes_on_from_the_last_whole_revision(
    helm: FakeHelm, releases: Releases
) -> None:
    helm.put("deployed", {}, charts.owner_label(URN))
    helm.put("pending-upgrade", {}, charts.owner_label(URN))
    releases.update(inputs(), URN, preview=False)
    assert helm.verbs == ["upgrade"]
    assert sum(path.endswith(".v2") for path in helm.cluster.made("DELETE")) == 1


def test_a_release_that_is_gone_is_installed_by_an_update(helm: FakeHelm, releases: Releases) -> None:
    releases.update(inputs(), URN, preview=False)
    assert helm.verbs == ["install"]


def test_reading_sees_values_that_were_changed_by_hand(helm: FakeHelm, releases: Releases) -> None:
    helm.put("deployed", {"a": 2})
    state = releases.read("try/web", inputs())
    assert state is not None
    assert state.inputs == {**inputs(), "values": {"a": 2}}


def test_reading_an_unchanged_release_gives_back_its_inputs(helm: FakeHelm, releases: Releases) -> None:
    helm.put("deployed", {"a": "hush"})
    recorded: Properties = {**inputs(), "values": {"a": Secret("hush")}}
    state = releases.read("try/web", recorded)
    assert state is not None
    assert state.inputs == recorded


def test_a_release_is_imported_with_every_default(helm: FakeHelm, releases: Releases) -> None:
    helm.put("deployed", {"a": 1})
    state = releases.read("try/web", {})
    assert state is not None
    assert state.inputs == {**inputs(), "chart": "mini", "timeout": 300}


def test_reading_a_release_that_is_gone_gives_nothing(releases: Releases) -> None:
    assert releases.read("try/web", inputs()) is None


def test_a_release_is_uninstalled_with_a_wait_and_once_only(helm: FakeHelm, releases: Releases) -> None:
    helm.put("deployed", {})
    releases.delete(inputs(timeout=7))
    releases.delete(inputs())
    assert helm.commands == [
        ["uninstall", "web", "--namespace", "try", "--ignore-not-found", "--timeout", "7s", "--wait"]
    ]


def test_check_fills_in_name_and_version(releases: Releases, tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: mini\nversion: 9.9.9\n")
    checked = releases.check({"chart": str(tmp_path)}, {}, Naming("web", seed=b"1"))
    assert checked["version"] == "9.9.9"
    assert str(checked["name"]).startswith("web-")
    kept = releases.check({"chart": str(tmp_path)}, {"name": "web-12345678"}, Naming("web"))
    assert kept["name"] == "web-12345678"


def test_helm_that_is_not_on_path_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    cluster = FakeCluster()
    cluster.kubeconfig = type("K", (), {"content": {}})()
    helm = Helm(cast(Cluster, cluster), threading.Event(), {})
    with pytest.raises(HelmError, match="not on PATH"):
        helm.run(["version"])


def _helm_script(directory: Path, text: str) -> None:
    script = directory / "helm"
    script.write_text(f"#!/bin/sh\n{text}")
    script.chmod(0o755)


def run_helm(
    directory: Path, script: str, monkeypatch: pytest.MonkeyPatch, cancelled: threading.Event | None = None
) -> str:
    _helm_script(directory, script)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    cluster = FakeCluster()
    cluster.kubeconfig = type("K", (), {"content": {"a": "b"}})()
    helm = Helm(cast(Cluster, cluster), cancelled or threading.Event(), {})
    return helm.run(["install"], {"password": "hush"})


def test_helm_gets_values_on_its_input_and_a_kubeconfig_that_is_not_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = run_helm(tmp_path, 'echo "$@"; cat -; cat "$KUBECONFIG"; readlink "$KUBECONFIG"', monkeypatch)
    assert output.splitlines()[0] == "install --values -"
    assert '{"password": "hush"}' in output
    assert "a: b" in output
    assert "/memfd:" in output


def test_helms_own_words_are_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HelmError, match=r"^chart is broken$"):
        run_helm(tmp_path, "echo 'WARNING: insecure' >&2; echo 'Error: chart is broken' >&2; exit 1", monkeypatch)


def test_a_cancel_asks_helm_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(HelmError, match="stopped"):
        run_helm(tmp_path, "trap 'echo stopped >&2; exit 1' TERM; while :; do sleep 0.05; done", monkeypatch, cancelled)
