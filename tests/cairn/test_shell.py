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
