import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.clusters.kubeconfig import paths, portable
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
        portable(str(file), context, file.parent)
    return str(caught.value)


def test_only_the_wanted_context_is_kept(tmp_path: Path) -> None:
    content = yaml.safe_load(portable(str(written(tmp_path)), "second", tmp_path))
    assert content["current-context"] == "second"
    assert [each["cluster"]["server"] for each in content["clusters"]] == ["https://two"]
    assert [each["user"] for each in content["users"]] == [{"token": "u"}]


def test_files_that_it_names_are_taken_in(tmp_path: Path) -> None:
    [entry] = yaml.safe_load(portable(str(written(tmp_path)), None, tmp_path))["clusters"]
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


def user(name: str, **content: Any) -> dict[str, Any]:
    return {"name": name, "user": content}


def test_several_files_are_merged_and_of_two_entries_the_first_counts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first = written(tmp_path / "a", users=[user("me", token="first")])
    second = written(tmp_path / "b", users=[user("me", token="second"), user("you", token="u")])
    (tmp_path / "b/ca.pem").write_text("another authority")
    named = f"{first}:{tmp_path}/gone:{second}"
    content = yaml.safe_load(portable(named, None, tmp_path))
    assert content["users"][0]["user"] == {"token": "first"}
    assert base64.b64decode(content["clusters"][0]["cluster"]["certificate-authority-data"]) == b"the authority"
    assert yaml.safe_load(portable(named, "second", tmp_path))["users"][0]["user"] == {"token": "u"}


def test_a_file_may_have_the_context_and_another_the_cluster_with_its_files_beside_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first = written(tmp_path / "a", clusters=[], users=[])
    second = written(tmp_path / "b", contexts=[], **{"current-context": ""})
    (tmp_path / "b/ca.pem").write_text("beside the second")
    [entry] = yaml.safe_load(portable(f"{first}:{second}", None, tmp_path))["clusters"]
    assert base64.b64decode(entry["cluster"]["certificate-authority-data"]) == b"beside the second"


def test_when_none_of_several_files_is_there_they_are_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=f"{tmp_path}/x:{tmp_path}/y: No such file"):
        portable(f"{tmp_path}/x:{tmp_path}/y", None, tmp_path)


def test_files_beside_a_link_are_meant_from_the_link_as_kubectl_has_it(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = written(tmp_path / "dotfiles")
    (tmp_path / "dotfiles/ca.pem").unlink()
    (tmp_path / "ca.pem").write_text("beside the link")
    (tmp_path / "link").symlink_to(real)
    [entry] = yaml.safe_load(portable("link", None, tmp_path))["clusters"]
    assert base64.b64decode(entry["cluster"]["certificate-authority-data"]) == b"beside the link"
    assert paths("link:~/x", tmp_path) == [tmp_path / "link", Path.home() / "x"]


def test_a_login_program_and_a_tokens_file_are_found_from_any_directory(tmp_path: Path) -> None:
    login = {"command": "bin/login", "args": ["bin/x"]}
    written(tmp_path, users=[user("me", tokenFile="token", exec=login), user("you", exec={"command": "aws"})])
    found = yaml.safe_load(portable("config", None, tmp_path))["users"][0]["user"]
    assert found == {"tokenFile": f"{tmp_path}/token", "exec": {**login, "command": f"{tmp_path}/bin/login"}}
    assert yaml.safe_load(portable("config", "second", tmp_path))["users"][0]["user"]["exec"] == {"command": "aws"}
