"""A Helm release's inputs, and the flags that they become."""

from pathlib import Path

import pytest

from plugins.kubernetes import charts
from plugins.kubernetes.errors import ProviderError
from plugins.kubernetes.manifests import headers, resource_names

# What the official plug-in recorded as the inputs of a release of which chart, name, namespace, timeout and values
# were given.
RECORDED = {
    "allowNullValues": False, "atomic": False, "chart": "CHART_DIR", "cleanupOnFail": False, "createNamespace": False,
    "dependencyUpdate": False, "description": "", "devel": False, "disableCRDHooks": False,
    "disableOpenapiValidation": False, "disableWebhooks": False, "forceUpdate": False, "keyring": "", "lint": False,
    "name": "kueue", "namespace": "kueue-system", "postrender": "", "recreatePods": False,
    "renderSubchartNotes": False, "replace": False, "resetValues": False, "reuseValues": False, "skipAwait": False,
    "skipCrds": False, "timeout": 120, "values": {"a": {"b": 1}}, "verify": False, "version": "0.18.3",
    "waitForJobs": False,
}  # fmt: skip
GIVEN = {
    "chart": "CHART_DIR", "compat": "true", "namespace": "kueue-system", "timeout": 120, "values": {"a": {"b": 1}},
    "version": "0.18.3",
}  # fmt: skip
URN = "urn:pulumi:rec::spike::kubernetes:helm.sh/v3:Release::kueue"
MANIFEST = """---
# Source: a/templates/b.yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: kueue-system
spec:
  ports:
  - port: 80
---
kind: Deployment
apiVersion: apps/v1
spec:
  template:
    metadata: {name: not-this}
metadata:
  labels:
    a: |
      two
      lines

    b: c
  name: web
  namespace: kueue-system
---
# only a comment
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: kueue-system}
"""


def test_every_default_of_the_record_is_filled_in() -> None:
    assert charts.complete(GIVEN, "kueue", "") == RECORDED


def test_the_timeout_is_five_minutes_and_the_namespace_the_providers_or_default() -> None:
    assert charts.complete({"chart": "a"}, "n", "team")["namespace"] == "team"
    completed = charts.complete({"chart": "a"}, "n", "")
    assert (completed["namespace"], completed["timeout"]) == ("default", 300)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"chart": "a", "valueYamlFiles": []}, "valueYamlFiles"),
        ({"chart": "a", "valeus": {}}, "'valeus'"),
        ({"chart": "a", "repositoryOpts": {"password": "hush"}}, "password"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(given: dict[str, object], words: str) -> None:
    with pytest.raises(ProviderError, match=words) as error:
        charts.complete(given, "n", "")
    assert "hush" not in str(error.value)


def test_the_version_comes_from_a_chart_that_is_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("name: a\nversion: 1.2.3\n")
    monkeypatch.chdir(tmp_path)
    assert charts.local_version("./chart", has_repository=False) == "1.2.3"
    assert charts.local_version("chart", has_repository=True) is None
    assert charts.local_version("oci://registry/chart", has_repository=False) is None


def test_a_chart_that_should_be_here_and_is_not_is_named_with_its_whole_path(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=str(tmp_path / "absent")):
        charts.local_version(str(tmp_path / "absent"), has_repository=False)


def test_inputs_become_flags() -> None:
    flags = charts.install_flags(charts.complete({**GIVEN, "createNamespace": True, "skipCrds": True}, "k", ""), URN)
    assert flags[:3] == ["--timeout", "120s", "--wait"]
    assert {"--create-namespace", "--skip-crds"} <= set(flags)
    assert "--atomic" not in flags
    assert flags[flags.index("--labels") + 1] == f"pulumi-urn={charts.owner_label(URN)}"


def test_a_release_that_does_not_wait_neither_waits_for_jobs() -> None:
    inputs = charts.complete({**GIVEN, "skipAwait": True, "waitForJobs": True}, "k", "")
    flags = charts.upgrade_flags(inputs, URN)
    assert "--wait" not in flags
    assert "--wait-for-jobs" not in flags


def test_an_upgrade_without_values_goes_back_to_the_charts_own() -> None:
    assert "--reset-values" in charts.upgrade_flags(charts.complete({"chart": "a"}, "n", ""), URN)
    assert "--reset-values" not in charts.upgrade_flags(charts.complete(GIVEN, "n", ""), URN)
    reused = charts.upgrade_flags(charts.complete({"chart": "a", "reuseValues": True}, "n", ""), URN)
    assert "--reset-values" not in reused


def test_resource_names_are_grouped_as_in_the_record() -> None:
    assert resource_names(MANIFEST) == {
        "Deployment.apps/apps/v1": ["kueue-system/api", "kueue-system/web"],
        "Service/v1": ["kueue-system/web"],
    }


def test_metadata_is_read_whole() -> None:
    deployment = list(headers(MANIFEST))[1]
    assert deployment["metadata"]["labels"] == {"a": "two\nlines\n", "b": "c"}
