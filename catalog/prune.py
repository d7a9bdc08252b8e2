"""Drops from the cache what nobody needs any more: superseded items, and the registry's blobs that were theirs.

An item stays while this checkout's lock names it under either supply, while a running environment was made with it, or
while somebody asked for it lately: other checkouts, whose locks are not known here, do so at each `up`.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from catalog import cache, registry, team_images
from catalog.cache import Receipt
from catalog.directories import cache_root
from catalog.items import Item, all_items, key
from catalog.schema import Catalog
from catalog.supply import Supply

DAY = 24 * 3600


@dataclass(frozen=True)
class Dropped:
    """An entry that goes (KIND/NAME/KEY), its own size, and for how many days nobody asked for it."""

    entry: str
    bytes: int
    days: int


@dataclass(frozen=True)
class Pruned:
    """What went, or would go; `blobs` are the bytes of the registry's store, which images share."""

    entries: tuple[Dropped, ...]
    blobs: int

    @property
    def bytes(self) -> int:
        """Everything together."""
        return sum(entry.bytes for entry in self.entries) + self.blobs


def note_use(owner: Path, receipts: Iterable[Receipt]) -> None:
    """Keeps these items for as long as `owner`, an environment's directory, exists."""
    held = sorted(f"{receipt.item}/{receipt.key}" for receipt in receipts if receipt.key)
    file = _notes() / f"{sha256(str(owner).encode()).hexdigest()[:12]}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"owner": str(owner), "entries": held}))
    fresh.replace(file)


def prune(
    catalog: Catalog, days: int, *, only_look: bool = False, waiting: Callable[[], None] = lambda: None
) -> Pruned:
    """Drops what nobody needs and nobody asked for in so many days; waits, having told, while items are being made."""
    with cache.in_nobodys_use(waiting):
        now = time.time()
        kept = {*_named(catalog), *_noted()}
        everything = sorted((cache_root() / "items").glob("*/*/*"))
        unused = {entry: now - cache.last_used(entry) for entry in everything}
        going = [entry for entry in everything if _name(entry) not in kept and unused[entry] >= days * DAY]
        needed = {blob for entry in everything if entry not in going for blob in _blobs(entry)}
        needed |= set(team_images.blobs())
        entries = tuple(Dropped(_name(entry), _size(entry), int(unused[entry] // DAY)) for entry in going)
        for entry in [] if only_look else going:
            cache.remove(entry)
        return Pruned(entries, registry.sweep(needed, only_look=only_look))


def _name(entry: Path) -> str:
    """KIND/NAME/KEY."""
    return "/".join(entry.parts[-3:])


def _named(catalog: Catalog) -> Iterator[str]:
    """The entries that a lock names. Raises CatalogError where keys can't be told, since then nothing may go."""
    for supply in Supply:
        for item in all_items(catalog):
            yield f"{item}/{key(catalog, item, supply)}"


def _noted() -> Iterator[str]:
    """The entries that environments hold; the notes of those that are gone are forgotten."""
    for note in _notes().glob("*.json"):
        content = json.loads(note.read_text())
        if Path(content["owner"]).exists():
            yield from content["entries"]
        else:
            note.unlink()


def _notes() -> Path:
    return cache_root() / "uses"


def _blobs(entry: Path) -> Iterable[str]:
    receipt = cache.read(Item(*entry.parts[-3:-1]), entry.name)
    return receipt.blobs if receipt else ()


def _size(entry: Path) -> int:
    return sum(path.lstat().st_size for path in entry.rglob("*") if path.is_file())
