import runpy
from pathlib import Path

import pytest

from catalog.directories import REPOSITORY


def test_repositories_of_teams_that_are_gone_go_and_all_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("smoke-gone/one/_manifests", "smoke-there/one", "team-a/one"):
        (tmp_path / name).mkdir(parents=True)
    for key, value in {"REPOSITORIES": str(tmp_path), "PREFIX": "smoke-", "THERE": "smoke-there smoke-new"}.items():
        monkeypatch.setenv(key, value)
    runpy.run_path(str(REPOSITORY / "modules/in_cluster/forget_repositories.py"))
    assert capsys.readouterr().out.split() == ["smoke-gone"]
    assert {place.name for place in tmp_path.iterdir()} == {"smoke-there", "team-a"}
