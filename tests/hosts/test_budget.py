from pathlib import Path

import pytest

from hosts.local import budget
from hosts.local.budget import Limits
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


@pytest.mark.parametrize(
    ("unified", "expected"),
    [
        (
            False,
            {
                "cpu/cairn/cpu.shares": "4096",
                "cpu/{group}/cpu.shares": "3072",
                "memory/{group}/memory.limit_in_bytes": str(2**33),
                "pids/{group}/pids.max": "20000",
            },
        ),
        (
            True,
            {
                "cairn/cpu.weight": "400",
                "{group}/cpu.weight": "300",
                "{group}/cpu.max": "300000 100000",
                "{group}/memory.max": str(2**33),
                "{group}/pids.max": "20000",
            },
        ),
    ],
    ids=["v1", "v2"],
)
def test_an_environment_is_bounded_and_shares_by_its_cores_and_all_count_for_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unified: bool, expected: dict[str, str]
) -> None:
    monkeypatch.setattr(budget, "ROOT", tmp_path)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    for group in (tmp_path, tmp_path / "cairn", tmp_path / NETWORK.cgroup) if unified else ():
        group.mkdir(exist_ok=True)
        (group / "cgroup.controllers").write_text("cpu memory")
    budget.set_budget(NETWORK, Limits(3000, 2**33, 20_000))
    found = {name: (tmp_path / name.format(group=NETWORK.cgroup)).read_text() for name in expected}
    assert found == expected


def test_an_environment_leaves_the_machine_a_quarter_of_its_process_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pid_max").write_text("32768\n")
    monkeypatch.setattr(budget, "PID_MAX", tmp_path / "pid_max")
    assert budget.bounded(100_000) == 24_576
    assert budget.bounded(18_432) == 18_432


@pytest.mark.parametrize(
    ("unified", "millis", "expected"),
    [
        (False, 1, ("cpu.shares", "2")),
        (False, 512_000, ("cpu.shares", "262144")),
        (True, 5, ("cpu.weight", "1")),
        (True, 128_000, ("cpu.weight", "10000")),
    ],
)
def test_a_weight_is_one_that_the_kernel_takes(
    monkeypatch: pytest.MonkeyPatch, unified: bool, millis: int, expected: tuple[str, str]
) -> None:
    monkeypatch.setattr(budget, "unified", lambda: unified)
    assert budget.weight(millis) == expected
