import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cairn import shell, tools


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "cairn"


def test_a_plain_shell_gets_backend_passphrase_and_path(state: Path) -> None:
    variables = shell.variables({"PATH": "/usr/bin"}, stand_ins=True)
    assert variables["PULUMI_BACKEND_URL"] == f"file://{state}/backend?metadata=skip"
    assert variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(state / "passphrase")
    assert variables["PATH"] == f"{shell.programs()}:/usr/bin"


def test_what_a_person_chose_is_kept() -> None:
    chosen = {"PATH": "", "PULUMI_BACKEND_URL": "s3://mine", "PULUMI_CONFIG_PASSPHRASE": "x", "PULUMI_HOME": "/mine"}
    variables = shell.variables(chosen, stand_ins=True)
    assert "PULUMI_BACKEND_URL" not in variables
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in variables
    assert variables["PULUMI_HOME"] == "/mine"


def test_repeating_the_settings_changes_nothing() -> None:
    once = shell.variables({"PATH": "/usr/bin:/bin"}, stand_ins=True)
    twice = {**once, **shell.variables({"PATH": once["PATH"]}, stand_ins=True)}
    assert twice == once


def test_with_official_plugins_pulumi_keeps_its_own_home_and_downloads() -> None:
    variables = shell.variables({"PATH": ""}, stand_ins=False)
    assert "PULUMI_HOME" not in variables
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in variables


def test_the_passphrase_is_made_once_and_only_its_owner_reads_it(state: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for made in [pool.submit(shell.make_passphrase) for _ in range(8)]:
            made.result()
    file = state / "passphrase"
    first = file.read_text()
    shell.make_passphrase()
    assert file.read_text() == first
    assert len(first) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {path.name for path in state.iterdir()} == {"backend", "passphrase"}


@pytest.fixture
def pulumi(tmp_path: Path) -> Path:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "pulumi").touch()
    return tmp_path / "release" / "pulumi"


def test_a_build_from_source_needs_every_stand_in(pulumi: Path) -> None:
    every = {file.name for file in tools.STAND_INS.iterdir()}
    assert tools.missing_plugins(pulumi) == every


def test_pulumis_own_release_needs_none(pulumi: Path) -> None:
    for name in tools.BESIDE_PULUMI:
        (pulumi.parent / name).touch()
    assert tools.missing_plugins(pulumi) == set()


def test_links_are_replaced_whole_and_left_alone_when_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "programs", lambda: tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    tools.link({"helm": one})
    before = os.lstat(tmp_path / "helm").st_ino
    tools.link({"helm": one})
    assert os.lstat(tmp_path / "helm").st_ino == before
    tools.link({"helm": two})
    assert (tmp_path / "helm").readlink() == two
    assert [path.name for path in tmp_path.iterdir()] == ["helm"]


SHELL = {
    **{"HELM_DRIVER": "memory", "HELM_NAMESPACE": "x", "KUBECONFIG": "/other", "KUBERNETES_SERVICE_HOST": "10.0.0.1"},
    **{"PULUMI_STACK": "other", "PULUMI_K8S_DELETE_UNREACHABLE": "true", "REGISTRY_HTTP_ADDR": ":1", "OTEL_X": "1"},
    **{"AWS_PROFILE": "other", "GOOGLE_APPLICATION_CREDENTIALS": "/x", "AZURE_CLIENT_ID": "x", "ARM_TENANT_ID": "x"},
}
NEEDED = {
    **{"PATH": "/bin", "HOME": "/root", "GOPROXY": "x", "UV_INDEX_URL": "x", "HTTPS_PROXY": "x", "DOCKER_CONFIG": "/x"},
    **{"PULUMI_BACKEND_URL": "file:///x", "PULUMI_CONFIG_PASSPHRASE": "x", "PULUMI_ACCESS_TOKEN": "x"},
    **{"PULUMI_HOME": "/x", "PULUMI_DIY_BACKEND_RETRY": "1", "REGISTRY_AUTH_FILE": "/x", "CAIRN_ENVIRONMENT": "dev"},
}


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shell, "REPOSITORY", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("no_settings")
def test_variables_of_another_cluster_or_account_stay_behind_and_all_others_go_on() -> None:
    current = SHELL | NEEDED
    shell.begin(current, ["cairn", "up"])
    assert current == NEEDED
    assert sorted(shell.taken()) == sorted(SHELL)


@pytest.mark.parametrize(
    ("backend", "words", "settings"),
    [
        ("s3://bucket", [], ""),
        ("gs://bucket", [], ""),
        ("azblob://container", [], ""),
        ("file:///x", ["--kubeconfig=/x"], ""),
        ("file:///x", [], "secretsprovider: awskms://key\n"),
        ("file:///x", [], "config:\n  cairn:kubeconfig: /x\n"),
    ],
)
def test_an_account_at_a_cloud_goes_on_where_one_may_be_asked(
    no_settings: Path, backend: str, words: list[str], settings: str
) -> None:
    (no_settings / "Pulumi.dev.yaml").write_text(settings)
    current = SHELL | NEEDED | {"PULUMI_BACKEND_URL": backend}
    shell.begin(current, ["cairn", "up", *words])
    assert {"AWS_PROFILE", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_CLIENT_ID", "ARM_TENANT_ID"} <= set(current)
    assert not {"HELM_DRIVER", "KUBECONFIG", "PULUMI_STACK"} & set(current)


@pytest.mark.usefixtures("no_settings")
def test_a_command_and_the_shell_that_it_sets_up_lose_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cairn.__main__ import main

    monkeypatch.setattr("cairn.__main__.interrupt_on_termination", lambda: None)
    monkeypatch.setattr("cairn.tools.prepare", lambda *_: {"NO_PROXY": "10.89.0.0/24"})
    monkeypatch.setattr("sys.argv", ["cairn", "env"])
    monkeypatch.setenv("HELM_DRIVER", "memory")
    with pytest.raises(SystemExit):
        main()
    assert "HELM_DRIVER" not in os.environ
    shown = capsys.readouterr().out.splitlines()
    assert any(line.startswith("unset ") and "HELM_DRIVER" in line.split() for line in shown)
    assert "export NO_PROXY=10.89.0.0/24" in shown
