from pathlib import Path

import pytest

from hosts.local import budget
from hosts.local.plan import Network

NETWORK = Network("dev")


@pytest.mark.parametrize(
    ("hierarchy", "setting", "frozen", "thawed"),
    [("freezer", "freezer.state", "FROZEN\n", "THAWED"), (".", "cgroup.freeze", "1\n", "0")],
    ids=["v1", "v2"],
)
def test_what_is_frozen_at_any_depth_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hierarchy: str, setting: str, frozen: str, thawed: str
) -> None:
    monkeypatch.setattr(budget, "ROOT", tmp_path)
    groups = [tmp_path / hierarchy / NETWORK.cgroup, tmp_path / hierarchy / NETWORK.cgroup / "node" / "pod"]
    if setting == "cgroup.freeze":
        (tmp_path / "cgroup.controllers").write_text("cpu memory")
    for group in groups:
        group.mkdir(parents=True)
        (group / setting).write_text(frozen)
    other = tmp_path / hierarchy / "cairn/another"
    other.mkdir()
    (other / setting).write_text(frozen)
    budget.thaw(NETWORK)
    assert [(group / setting).read_text() for group in groups] == [thawed, thawed]
    assert (other / setting).read_text() == frozen


def test_an_environment_without_cgroups_is_thawed_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "ROOT", tmp_path)
    budget.thaw(NETWORK)
