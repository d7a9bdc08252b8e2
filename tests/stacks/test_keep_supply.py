from pathlib import Path

import pytest

from catalog.supply import Supply
from stacks import keep_supply
from stacks.keep_supply import ChoiceProvider, kept


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_supply, "environment_root", lambda environment: tmp_path / environment)


def test_auto_decides_once_and_up_keeps_its_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Supply.UPSTREAM, Supply.SOURCE]
    monkeypatch.setattr(keep_supply, "resolve", lambda wanted: (found.pop(0), f"asked for {wanted}"))
    assert keep_supply.settle("laptop", "auto") == (Supply.UPSTREAM, "asked for auto")
    ChoiceProvider().create({"environment": "laptop", "supply": "upstream"})
    assert keep_supply.settle("laptop", "auto") == (Supply.UPSTREAM, "kept from the first run")
    assert keep_supply.settle("other", "auto") == (Supply.SOURCE, "asked for auto")


def test_asking_alone_as_a_preview_does_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_supply, "resolve", lambda wanted: (Supply.SOURCE, "asked"))
    keep_supply.settle("laptop", "auto")
    assert not list(tmp_path.iterdir())


def test_a_supply_that_is_set_is_used_as_it_is() -> None:
    ChoiceProvider().create({"environment": "laptop", "supply": "upstream"})
    assert keep_supply.settle("laptop", "source") == (Supply.SOURCE, "as set")


def test_destroying_the_stack_forgets_the_choice_and_nothing_else(tmp_path: Path) -> None:
    provider, inputs = ChoiceProvider(), {"environment": "laptop", "supply": "source"}
    provider.create(inputs)
    (tmp_path / "laptop" / "other").touch()
    provider.delete("laptop", inputs)
    assert [path.name for path in (tmp_path / "laptop").iterdir()] == ["other"]
    (tmp_path / "laptop" / "other").unlink()
    provider.create(inputs)
    provider.delete("laptop", inputs)
    provider.delete("laptop", inputs)
    assert not list(tmp_path.iterdir())


def test_a_choice_that_this_machine_does_not_have_is_written_again() -> None:
    inputs = {"environment": "laptop", "supply": "source"}
    assert ChoiceProvider().diff("laptop", inputs, inputs).changes
    kept("laptop").parent.mkdir()
    kept("laptop").write_text("source\n")
    assert not ChoiceProvider().diff("laptop", inputs, inputs).changes
