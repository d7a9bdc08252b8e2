import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cairn.environment import left_over
from cairn.errors import UserError
from cairn.plan import Request, settle
from cairn.settings import Kept, Record, Settings, latest, reconcile
from tests.cairn.conftest import Keep

UP = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATE = Settings(profile="mini", set={"teams.late": {}, "cluster.workers": 2})


def run(kind: str, start: str, **config: object) -> dict[str, Any]:
    entries = {f"cairn:{key}": {"value": value, "secret": False} for key, value in config.items()}
    return {"kind": kind, "startTime": start, "config": entries, "result": "failed"}


def copy(directory: Path, settings: dict[str, object], at: datetime) -> Path:
    file = directory / "Pulumi.mine.yaml"
    file.write_text(yaml.safe_dump({"config": {f"cairn:{key}": value for key, value in settings.items()}}))
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def test_the_record_is_what_the_last_up_ran_with_even_if_it_failed_and_no_refreshs() -> None:
    history = [
        run("refresh", "2026-11-27T10:00:00.000Z", profile="stale"),
        run("update", "2026-11-26T12:00:00.000Z", profile="mini", set=json.dumps({"cluster.workers": 2})),
        run("update", "2026-11-25T12:00:00.000Z", profile="laptop"),
    ]
    assert latest(history) == Record(Settings(profile="mini", set={"cluster.workers": 2}), UP)
    assert latest(history[:1]) is None


def test_a_checkout_without_a_copy_gets_the_record(tmp_path: Path) -> None:
    assert reconcile(tmp_path / "Pulumi.mine.yaml", Record(LATE, UP)) == Kept(LATE)


def test_a_copy_that_is_older_than_the_record_does_not_count_and_is_told(tmp_path: Path) -> None:
    file = copy(tmp_path, {"profile": "mini"}, UP.replace(hour=11))
    found = reconcile(file, Record(LATE, UP))
    assert found.settings == LATE
    [told] = found.told
    assert "older than the environment" in told
    assert "teams.late, cluster.workers" in told


def test_what_was_changed_in_the_copy_since_counts_and_is_told(tmp_path: Path) -> None:
    file = copy(tmp_path, {"profile": "mini"}, UP.replace(hour=13))
    found = reconcile(file, Record(LATE, UP))
    assert found.settings == Settings(profile="mini")
    assert "was changed after the last `up`" in found.told[0]


def test_a_copy_that_says_the_same_is_not_talked_about(tmp_path: Path) -> None:
    for hour in (11, 13):
        file = copy(tmp_path, {"profile": "mini", "set": LATE.set}, UP.replace(hour=hour))
        assert reconcile(file, Record(LATE, UP)) == Kept(LATE)


def test_before_the_first_up_the_copy_is_all_there_is(tmp_path: Path) -> None:
    assert reconcile(copy(tmp_path, {"profile": "mini"}, UP), None) == Kept(Settings(profile="mini"))


def test_a_file_of_an_environment_that_is_gone_feeds_no_new_one_and_stays_as_it_is(checkout: Path) -> None:
    file = copy(checkout, {"profile": "mini", "set": {"modules.ray": None}}, UP)
    before = file.read_bytes()
    plan = settle(Request("mini", "mine"))
    assert plan.settings.set == {}
    assert plan.profile.modules.ray is not None
    assert "left over from an environment that is gone" in plan.told[0]
    assert file.read_bytes() == before
    assert left_over(checkout / "Pulumi.other.yaml") == Kept()


@pytest.mark.usefixtures("checkout")
def test_a_profile_that_was_moved_is_named_with_how_to_point_to_it_anew(tmp_path: Path, keep: Keep) -> None:
    keep("mine", Settings(profile=str(tmp_path / "mine.yaml"), set={"cluster.workers": 3}))
    with pytest.raises(UserError, match="not there any more") as refused:
        settle(Request(None, "mine"))
    assert refused.value.where == str(tmp_path / "mine.yaml")
    assert "cairn up NEW/PATH/mine.yaml --name mine" in refused.value.fix
    moved = tmp_path / "moved.yaml"
    moved.write_text("extends: mini\n")
    assert settle(Request(str(moved), "mine")).settings == Settings(profile=str(moved), set={"cluster.workers": 3})
