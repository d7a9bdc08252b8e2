import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog import cache as entries
from catalog import cli, report
from catalog.build import Progress, binary
from catalog.cli import catalog_app
from catalog.items import Item, key
from catalog.schema import Catalog
from catalog.supply import Supply

from .conftest import MakeCatalog

RUN = CliRunner()
HELLO = Item("binaries", "hello")


@pytest.fixture
def catalog(
    cache: Path, builders: Callable[[Path], None], make_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> Catalog:
    builders(cache)
    made = make_catalog()
    for place in ("catalog.cli.load", "catalog.build.load", "catalog.places.load"):
        monkeypatch.setattr(place, lambda: made)
    return made


def test_building_ends_with_what_is_ready_and_tells_the_way_line_by_line_without_a_terminal(catalog: Catalog) -> None:
    done = RUN.invoke(catalog_app, ["build", "images/hello", "--supply", "source"])
    assert done.exit_code == 0, done.output
    assert done.stdout == "4 items ready\n"
    assert "supply: source (as set)" in done.stderr
    assert "binaries/hello" in done.stderr and "building" in done.stderr


def test_building_for_programs_prints_receipts_alone(catalog: Catalog) -> None:
    done = RUN.invoke(catalog_app, ["build", "images/hello", "--supply", "source", "--json"])
    shown = json.loads(done.output)
    assert [entry["item"] for entry in shown][-1] == "images/hello"
    assert shown[-1]["digest"].startswith("sha256:")


def test_the_list_says_what_is_here_and_what_is_missing(catalog: Catalog) -> None:
    rows = {row["item"]: row for row in json.loads(RUN.invoke(catalog_app, ["list", "--json"]).output)}
    assert rows["binaries/crane"]["state"] == "cached"
    assert rows["binaries/hello"]["state"] == "missing"
    assert rows["images/hello"]["reference"] == "example.com/greetings/hello:v1.2.3"
    assert "images/hello" in RUN.invoke(catalog_app, ["list"]).output


def test_a_broken_item_fails_the_check_and_is_made_again_by_the_command_that_is_told(catalog: Catalog) -> None:
    RUN.invoke(catalog_app, ["build", "binaries/hello", "--supply", "source"])
    place = entries.directory(HELLO, key(catalog, HELLO, Supply.SOURCE))
    binary("hello", None, catalog).write_bytes(b"broken")
    done = RUN.invoke(catalog_app, ["verify", "hello"])
    assert done.exit_code == 1
    assert f"{place}/bin/hello: 6 bytes" in done.output
    assert "`cairn catalog build binaries/hello` makes them again" in done.output
    assert RUN.invoke(catalog_app, ["build", "binaries/hello", "--supply", "source"]).exit_code == 0
    checked = RUN.invoke(catalog_app, ["verify", "hello", "--json"])
    assert json.loads(checked.output) == {"checked": ["binaries/hello"], "broken": {}}


def test_the_sbom_of_an_image_is_shown_and_printed(catalog: Catalog) -> None:
    missing = RUN.invoke(catalog_app, ["sbom", "hello"])
    assert missing.exit_code == 1 and "cairn catalog build images/hello --supply source" in missing.output
    RUN.invoke(catalog_app, ["build", "images/hello", "--supply", "source"])
    assert json.loads(RUN.invoke(catalog_app, ["sbom", "hello", "--json"]).output)["bomFormat"] == "CycloneDX"
    assert "stdlib" in RUN.invoke(catalog_app, ["sbom", "images/hello"]).output


@pytest.mark.parametrize("command", [["build", "nope", "--supply", "source"], ["verify", "nope"], ["sbom", "nope"]])
def test_an_unknown_name_is_a_sentence_and_not_a_traceback(catalog: Catalog, command: list[str]) -> None:
    done = RUN.invoke(catalog_app, command)
    assert done.exit_code == 1
    assert "error: nope: no such" in done.output and "cairn catalog list" in done.output
    assert "Traceback" not in done.output


def test_an_unknown_supply_is_refused(catalog: Catalog) -> None:
    done = RUN.invoke(catalog_app, ["build", "--supply", "both"])
    assert done.exit_code == 1 and "none of auto, source, upstream" in done.output


@pytest.mark.parametrize("command", ["build", "list", "verify", "sbom", "resolve", "prune"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    assert f"cairn catalog {command}" in RUN.invoke(catalog_app, [command, "--help"]).output


def test_progress_on_a_terminal_names_what_runs_and_how_far_it_is() -> None:
    bar = cli._Bar()
    bar(Progress("binaries/a", 1, 3, "cached", 0.0))
    bar(Progress("binaries/b", 2, 3, "building", 0.0))
    assert str(bar.__rich__()) == "1 of 3 items, 0 s   binaries/b building"


rows = report.rows


def test_in_a_pipe_no_line_of_a_table_is_cut_or_broken(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(report, "rows", lambda *_: [replace(row, licence="L" * 200) for row in rows(*_)])
    assert "L" * 200 in RUN.invoke(catalog_app, ["list"]).output
