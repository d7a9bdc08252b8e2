"""`cairn catalog prune`: what is superseded goes; what a lock, an environment or a person still uses stays."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog import cache as entries
from catalog import registry
from catalog.build import provide
from catalog.cache import Receipt
from catalog.cli import catalog_app
from catalog.items import Item, key
from catalog.prune import Pruned, note_use, prune
from catalog.schema import Catalog
from catalog.supply import Supply

from .conftest import MakeCatalog

IMAGE = Item("images", "hello")


@pytest.fixture
def versions(cache: Path, builders: Callable[[Path], None], make_catalog: MakeCatalog) -> tuple[Catalog, Catalog]:
    """A lock and its successor, whose `hello` has another stamp, both built."""
    builders(cache)
    old = make_catalog()
    provide([str(IMAGE)], Supply.SOURCE, catalog=old)
    entry = old.binaries["hello"].model_dump(mode="json")
    new = make_catalog(binaries={"hello": entry | {"stamps": {"main.version": "new"}}})
    provide([str(IMAGE)], Supply.SOURCE, catalog=new)
    return old, new


def place(catalog: Catalog, item: Item = IMAGE) -> Path:
    return entries.directory(item, key(catalog, item, Supply.SOURCE))


def blobs(catalog: Catalog) -> set[str]:
    receipt = entries.read(IMAGE, key(catalog, IMAGE, Supply.SOURCE))
    assert receipt is not None
    return set(receipt.blobs)


def went(pruned: Pruned) -> set[str]:
    return {entry.entry.rpartition("/")[0] for entry in pruned.entries}


def test_what_a_newer_lock_replaced_goes_and_what_it_names_is_whole(
    cache: Path, versions: tuple[Catalog, Catalog]
) -> None:
    old, new = versions
    gone, kept = blobs(old) - blobs(new), blobs(new)
    assert gone and blobs(old) & blobs(new), "the two images share some blobs and not all"
    size = sum((cache / name).stat().st_size for name in gone)

    pruned = prune(new, days=0)

    assert went(pruned) == {"images/hello", "binaries/hello"}
    assert pruned.blobs == size
    assert not place(old).exists() and not any((cache / name).exists() for name in gone)
    assert all((cache / name).exists() for name in kept)
    assert list(entries.faults(IMAGE, key(new, IMAGE, Supply.SOURCE), full=True)) == []
    assert registry.tagged(new.image("hello")) in {
        receipt.digest for receipt in provide([str(IMAGE)], Supply.SOURCE, catalog=new)
    }
    links = [path.read_text().strip() for path in (registry.store() / "docker/registry/v2/repositories").rglob("link")]
    assert links and all(registry.blob(digest).exists() for digest in links)


def test_what_went_is_made_again_when_its_lock_comes_back(versions: tuple[Catalog, Catalog]) -> None:
    old, new = versions
    prune(new, days=0)
    (*_, receipt) = provide([str(IMAGE)], Supply.SOURCE, catalog=old)
    assert registry.tagged(old.image("hello")) == receipt.digest
    assert list(entries.faults(IMAGE, receipt.key, full=True)) == []


def test_only_looking_says_the_same_and_drops_nothing(cache: Path, versions: tuple[Catalog, Catalog]) -> None:
    _, new = versions
    before = sorted(path for path in cache.rglob("*") if "locks" not in path.parts)
    looked = prune(new, days=0, only_look=True)
    assert sorted(path for path in cache.rglob("*") if "locks" not in path.parts) == before
    assert looked == prune(new, days=0)


def test_what_an_environment_was_made_with_stays_until_it_is_gone(
    versions: tuple[Catalog, Catalog], tmp_path: Path
) -> None:
    old, new = versions
    environment = tmp_path / "environments/dev"
    environment.mkdir(parents=True)
    note_use(environment, provide([str(IMAGE)], Supply.SOURCE, catalog=old))
    assert went(prune(new, days=0)) == set()
    assert list(entries.faults(IMAGE, key(old, IMAGE, Supply.SOURCE), full=True)) == []
    environment.rmdir()
    assert went(prune(new, days=0)) == {"images/hello", "binaries/hello"}


def test_what_somebody_asked_for_lately_stays(versions: tuple[Catalog, Catalog]) -> None:
    old, new = versions
    assert went(prune(new, days=1)) == set()
    two_days_ago = time.time() - 2 * 24 * 3600
    for item in (IMAGE, Item("binaries", "hello")):
        os.utime(place(old, item) / entries.RECEIPT, (two_days_ago, two_days_ago))
    provide(["binaries/hello"], Supply.SOURCE, catalog=old)
    assert went(prune(new, days=1)) == {"images/hello"}


def test_pruning_waits_for_a_build_and_says_so(cache: Path, make_catalog: MakeCatalog) -> None:
    catalog = make_catalog()
    told: list[str] = []
    pid = os.fork()
    if pid == 0:
        with entries.in_use():
            (cache / "held").touch()
            while not (cache / "waiting").exists():
                pass
        os._exit(0)
    while not (cache / "held").exists():
        pass

    def waiting() -> None:
        told.append("waiting")
        (cache / "waiting").touch()

    prune(catalog, days=0, waiting=waiting)
    os.waitpid(pid, 0)
    assert told == ["waiting"]


def test_the_half_made_rest_of_a_killed_build_goes(cache: Path, make_catalog: MakeCatalog) -> None:
    half = cache / "items/images/hello/.building-0123/out"
    half.mkdir(parents=True)
    (half / "layer.tar").write_bytes(b"x" * 100)
    assert [(entry.entry, entry.bytes) for entry in prune(make_catalog(), days=0).entries] == [
        ("images/hello/.building-0123", 100)
    ]
    assert not half.exists()


def test_the_command_says_what_it_frees(versions: tuple[Catalog, Catalog], monkeypatch: pytest.MonkeyPatch) -> None:
    _, new = versions
    monkeypatch.setattr("catalog.cli.load", lambda: new)
    shown = json.loads(CliRunner().invoke(catalog_app, ["prune", "--days", "0", "--dry-run", "--json"]).output)
    assert shown["dry_run"] and shown["bytes"] > shown["blobs"] > 0
    done = CliRunner().invoke(catalog_app, ["prune", "--days", "0"])
    assert "binaries/hello/" in done.output and "2 items and" in done.output and "freed" in done.output
    again = CliRunner().invoke(catalog_app, ["prune", "--days", "0"])
    assert again.output == "0 items and 0 MiB of images: freed 0 MiB\n"


def test_a_note_names_what_has_a_key(tmp_path: Path, cache: Path) -> None:
    note_use(tmp_path, [Receipt("tools/ip", "", "machine", 0.0), Receipt("binaries/x", "01", "source", 1.0)])
    (note,) = (cache / "uses").glob("*.json")
    assert json.loads(note.read_text()) == {"owner": str(tmp_path), "entries": ["binaries/x/01"]}
