from pathlib import Path

import pytest

from catalog.supply import Supply
from stacks import keep_supply


def test_auto_decides_once_and_keeps_its_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Supply.UPSTREAM, Supply.SOURCE]
    monkeypatch.setattr(keep_supply, "environment_root", lambda environment: tmp_path / environment)
    monkeypatch.setattr(keep_supply, "resolve", lambda wanted: (found.pop(0), f"asked for {wanted}"))
    assert keep_supply.settle("laptop", "auto") == (Supply.UPSTREAM, "asked for auto")
    assert keep_supply.settle("laptop", "auto") == (Supply.UPSTREAM, "kept from the first run")
    assert keep_supply.settle("other", "auto") == (Supply.SOURCE, "asked for auto")


def test_a_supply_that_is_set_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_supply, "environment_root", lambda environment: tmp_path / environment)
    assert keep_supply.settle("laptop", "source") == (Supply.SOURCE, "as set")
    assert not list(tmp_path.iterdir())
