from pathlib import Path

import pytest

from hosts.local import kernel


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    proc = tmp_path / "proc"
    for name in kernel.SETTINGS:
        (proc / name).parent.mkdir(parents=True, exist_ok=True)
        (proc / name).write_text("7\n")
    monkeypatch.setattr(kernel, "PROC", proc)
    monkeypatch.setattr(kernel, "SHARED", tmp_path / "run" / "kernel.json")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return proc


def test_a_second_state_directory_learns_the_values_from_before_the_first_nodes(
    proc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel.keep()
    (proc / kernel.SETTINGS[0]).write_text("1\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    kernel.keep()
    kernel.put_back()
    assert (proc / kernel.SETTINGS[0]).read_text().strip() == "7"


def test_room_is_made_for_several_nodes_and_given_back(proc: Path) -> None:
    kernel.keep()
    kernel.make_room()
    assert int((proc / kernel.INSTANCES).read_text()) == kernel.ENOUGH_INSTANCES
    kernel.put_back()
    assert (proc / kernel.INSTANCES).read_text().strip() == "7"


def test_nothing_is_put_back_while_other_nodes_run(proc: Path, tmp_path: Path) -> None:
    kernel.keep()
    (tmp_path / "run" / "abcdef").mkdir()
    (proc / kernel.SETTINGS[0]).write_text("1\n")
    kernel.put_back()
    assert (proc / kernel.SETTINGS[0]).read_text().strip() == "1"


def test_settings_that_nodes_change_are_put_back(proc: Path) -> None:
    kernel.keep()
    (proc / kernel.SETTINGS[0]).write_text("1\n")
    kernel.keep()
    kernel.put_back()
    assert (proc / kernel.SETTINGS[0]).read_text().strip() == "7"


def test_nothing_is_put_back_where_nothing_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "PROC", tmp_path / "missing")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kernel.put_back()
