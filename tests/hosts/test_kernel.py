from pathlib import Path

import pytest

from hosts.local import kernel


def test_settings_that_nodes_change_are_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proc = tmp_path / "proc"
    for name in kernel.SETTINGS:
        (proc / name).parent.mkdir(parents=True, exist_ok=True)
        (proc / name).write_text("7\n")
    monkeypatch.setattr(kernel, "PROC", proc)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kernel.keep()
    (proc / kernel.SETTINGS[0]).write_text("1\n")
    kernel.keep()
    kernel.put_back()
    assert (proc / kernel.SETTINGS[0]).read_text().strip() == "7"


def test_nothing_is_put_back_where_nothing_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "PROC", tmp_path / "missing")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    kernel.put_back()
