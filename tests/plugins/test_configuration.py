"""The provider's configuration and its kubeconfig."""

import base64
from pathlib import Path

import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes import configuration, kubeconfig
from plugins.kubernetes.errors import ProviderError
from plugins.kubernetes.values import UNKNOWN, Properties, Secret


def text(server: str = "https://10.0.0.1:6443", token: str = "t", extra: str = "") -> str:
    return yaml.safe_dump(
        {
            "current-context": "main",
            "clusters": [
                {"name": "c", "cluster": {"server": server}},
                {"name": "d", "cluster": {"server": "https://other"}},
            ],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [
                {"name": "main", "context": {"cluster": "c", "user": "u"}},
                {"name": "side", "context": {"cluster": "d", "user": "u"}},
            ],
            "extra": extra,
        }
    )


def replaced(old: Properties, new: Properties) -> list[str]:
    return list(configuration.diff(old, new).replaces)


def test_with_the_same_cluster_identifier_nothing_replaces() -> None:
    old: Properties = {"clusterIdentifier": "c1", "kubeconfig": Secret(text())}
    new: Properties = {"clusterIdentifier": "c1", "kubeconfig": Secret(text("https://elsewhere")), "context": "side"}
    response = configuration.diff(old, new)
    assert response.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(response.diffs) == ["context", "kubeconfig"]
    assert list(response.replaces) == []


def test_another_cluster_identifier_replaces() -> None:
    assert replaced({"clusterIdentifier": "c1"}, {"clusterIdentifier": "c2"}) == ["clusterIdentifier"]


def test_a_cluster_identifier_that_comes_or_goes_does_not_replace() -> None:
    config = text()
    assert replaced({"kubeconfig": config}, {"kubeconfig": config, "clusterIdentifier": "c1"}) == []
    assert replaced({"kubeconfig": config, "clusterIdentifier": "c1"}, {"kubeconfig": config}) == []


def test_without_an_identifier_another_cluster_replaces_and_another_token_does_not() -> None:
    assert replaced({"kubeconfig": text()}, {"kubeconfig": text("https://elsewhere")}) == ["kubeconfig"]
    assert replaced({"kubeconfig": text()}, {"kubeconfig": text(token="new")}) == []
    assert replaced({"kubeconfig": text()}, {"kubeconfig": text(), "context": "side"}) == ["context"]


def test_a_kubeconfig_that_is_not_known_yet_replaces_unless_the_identifier_stays() -> None:
    assert replaced({"kubeconfig": text()}, {"kubeconfig": UNKNOWN}) == ["kubeconfig"]
    old: Properties = {"kubeconfig": text(), "clusterIdentifier": "c1"}
    assert replaced(old, {"kubeconfig": UNKNOWN, "clusterIdentifier": "c1"}) == []


def test_equal_configurations_have_no_difference() -> None:
    config: Properties = {"kubeconfig": Secret(text())}
    assert configuration.diff(config, dict(config)).changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"renderYamlToDirectory": "out"}, "renderYamlToDirectory"),
        ({"enableServerSideApply": "false"}, "enableServerSideApply"),
        ({"enableServerSideApply": False}, "enableServerSideApply"),
        ({"helmReleaseSettings": '{"driver": "configmap"}'}, "helmReleaseSettings"),
        ({"skipUpdateUnreachable": "true"}, "skipUpdateUnreachable"),
        ({"strictMode": "true", "kubeconfig": "x"}, "context"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(arguments: Properties, named: str) -> None:
    assert [failure.property for failure in configuration.check(arguments)] == [named]


def test_what_is_supported_is_not_refused() -> None:
    assert configuration.check({"kubeconfig": UNKNOWN, "enableServerSideApply": "true", "clusterIdentifier": "c"}) == []


def test_the_environment_fills_in_what_the_arguments_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_K8S_ENABLE_SECRET_MUTABLE", "true")
    monkeypatch.setenv("PULUMI_K8S_DELETE_UNREACHABLE", "true")
    settings = configuration.read({"kubeconfig": text(), "deleteUnreachable": "false"})
    assert settings.mutable == {"Secret"}
    assert not settings.delete_unreachable


def test_context_and_cluster_choose_within_the_kubeconfig() -> None:
    assert kubeconfig.load(text()).cluster["server"] == "https://10.0.0.1:6443"
    assert kubeconfig.load(text(), context="side").cluster["server"] == "https://other"
    assert kubeconfig.load(text(), cluster="d").cluster["server"] == "https://other"


def test_paths_inside_a_kubeconfig_file_start_at_the_file(tmp_path: Path) -> None:
    content = yaml.safe_load(text())
    content["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(content))
    assert kubeconfig.load(str(path)).cluster["certificate-authority"] == str(tmp_path / "ca.crt")


@pytest.mark.parametrize(
    ("given", "context", "words"),
    [
        ("/nowhere/config", None, "/nowhere/config can't be read"),
        ("a: [\nb: hush", None, "not valid YAML"),
        ("a: b\n", None, "no contexts"),
        (text(), "absent", "no context named 'absent'"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_a_clear_error(given: str, context: str | None, words: str) -> None:
    with pytest.raises(ProviderError, match=words) as error:
        kubeconfig.load(given, context)
    assert "hush" not in str(error.value)


def test_keys_are_lent_as_files_in_memory() -> None:
    content = yaml.safe_load(text())
    content["users"][0]["user"] = {"client-key-data": base64.b64encode(b"key").decode()}
    lent, files = kubeconfig.for_client(kubeconfig.load(yaml.safe_dump(content)))
    path = lent["users"][0]["user"]["client-key"]
    assert path == files[0].path
    assert Path(path).read_bytes() == b"key"
    assert str(Path(path).readlink()).startswith("/memfd:")
