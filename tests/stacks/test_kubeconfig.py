import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.clusters.kubeconfig import portable
from stacks.errors import ClusterError


def written(directory: Path, **changes: Any) -> Path:
    (directory / "ca.pem").write_text("the authority")
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "one", "cluster": {"server": "https://one", "certificate-authority": "ca.pem"}},
            {"name": "two", "cluster": {"server": "https://two"}},
        ],
        "users": [{"name": "me", "user": {"token": "t"}}, {"name": "you", "user": {"token": "u"}}],
        "contexts": [
            {"name": "first", "context": {"cluster": "one", "user": "me", "namespace": "mine"}},
            {"name": "second", "context": {"cluster": "two", "user": "you"}},
        ],
        "current-context": "first",
        **changes,
    }
    file = directory / "config"
    file.write_text(yaml.safe_dump(content))
    return file


def refused(file: Path, context: str | None = None) -> str:
    with pytest.raises(ClusterError) as caught:
        portable(file, context)
    return str(caught.value)


def test_only_the_wanted_context_is_kept(tmp_path: Path) -> None:
    content = yaml.safe_load(portable(written(tmp_path), "second"))
    assert content["current-context"] == "second"
    assert [each["cluster"]["server"] for each in content["clusters"]] == ["https://two"]
    assert [each["user"] for each in content["users"]] == [{"token": "u"}]


def test_files_that_it_names_are_taken_in(tmp_path: Path) -> None:
    [entry] = yaml.safe_load(portable(written(tmp_path), None))["clusters"]
    assert "certificate-authority" not in entry["cluster"]
    assert base64.b64decode(entry["cluster"]["certificate-authority-data"]) == b"the authority"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    said = refused(tmp_path / "nothing")
    assert said == f"kubeconfig {tmp_path}/nothing: No such file or directory: pulumi config set kubeconfig PATH"


def test_a_context_that_it_does_not_have_is_told_with_those_that_it_has(tmp_path: Path) -> None:
    assert "has no context 'third' (it has: first, second)" in refused(written(tmp_path), "third")


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "kind: Config"])
def test_a_file_that_is_no_kubeconfig_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    assert "is not a kubeconfig" in refused(tmp_path / "config")


def test_a_file_that_is_named_but_missing_is_told(tmp_path: Path) -> None:
    cluster = {"server": "https://one", "client-key": "gone.pem"}
    file = written(tmp_path, clusters=[{"name": "one", "cluster": cluster}])
    assert f"names {tmp_path}/gone.pem as client-key: No such file or directory" in refused(file)
