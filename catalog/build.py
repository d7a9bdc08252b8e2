"""Provides items and says where they lie. `provide` is the one place that makes anything.

Two items are made at a time: Go builds one after the other, and beside them what waits for downloads or disks.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from catalog import cache, charts, debian, golang, images, registry, upstream
from catalog.cache import Receipt
from catalog.directories import cache_root
from catalog.errors import DiskFullError, explain_disk_full, free_mib
from catalog.items import Item, dependencies, is_fetched, key, order, select, space_mib
from catalog.places import binary, chart, layer, manifest, rootfs, tool
from catalog.schema import Catalog, load
from catalog.supply import Supply

__all__ = ["Progress", "binary", "chart", "manifest", "provide", "rootfs", "tool"]


@dataclass(frozen=True)
class Progress:
    """One step of `provide`: item number `index` of `total` enters `phase`, `elapsed` seconds after the start."""

    item: str
    index: int
    total: int
    phase: str
    """cached, waiting (another run makes it), building, downloading, done."""
    elapsed: float


def ignore(progress: Progress) -> None:
    """Shows no progress."""


def provide(
    items: Iterable[str] | None,
    supply: Supply,
    progress: Callable[[Progress], None] = ignore,
    catalog: Catalog | None = None,
) -> list[Receipt]:
    """Makes or fetches what of `items` (None: all) and their dependencies is not in the cache; their receipts.

    Items that were made stay made when a later one fails. Raises CatalogError (DiskFullError where that is why).
    """
    lock = catalog or load()
    ordered = order(lock, select(lock, items), supply)
    with cache.in_use():
        return _Run(lock, supply, ordered, progress).finish()


class _Run:
    """One `provide`: two lanes work through the items in order, each item after those that it depends on."""

    def __init__(
        self, catalog: Catalog, supply: Supply, ordered: list[Item], progress: Callable[[Progress], None]
    ) -> None:
        self.catalog, self.supply, self.ordered, self.progress = catalog, supply, ordered, progress
        self.results: dict[Item, Future[Receipt]] = {item: Future() for item in ordered}
        self.started = time.monotonic()
        self.speaking = threading.Lock()
        self.error: BaseException | None = None

    def finish(self) -> list[Receipt]:
        if self.supply is Supply.SOURCE:
            first = [item for item in self.ordered if item.kind == "binaries"]
        else:
            first = self.ordered[::2]
        second = [item for item in self.ordered if item not in first]
        with ThreadPoolExecutor(2, thread_name_prefix="catalog") as pool:
            lanes = [pool.submit(self._lane, lane) for lane in (first, second)]
            try:
                for lane in lanes:
                    lane.result()
            except KeyboardInterrupt as error:
                self.error = error
        if self.error:
            raise self.error
        return [self.results[item].result() for item in self.ordered]

    def _lane(self, lane: list[Item]) -> None:
        """Makes the items of a lane; after an error in either lane the rest of both is cancelled."""
        for item in lane:
            try:
                for dependency in dependencies(self.catalog, item, self.supply):
                    self.results[dependency].result()
                if self.error:
                    break
                self.results[item].set_result(self._supply(item))
            except CancelledError:
                break
            except BaseException as error:
                self.error = self.error or error
                break
        for item in lane:
            self.results[item].cancel()

    def _say(self, item: Item, phase: str) -> None:
        step = self.ordered.index(item) + 1
        elapsed = time.monotonic() - self.started
        with self.speaking:
            self.progress(Progress(str(item), step, len(self.ordered), phase, elapsed))

    def _supply(self, item: Item) -> Receipt:
        if item.kind == "tools" and debian.on_machine(item.name):
            self._say(item, "cached")
            return Receipt(str(item), "", "machine", 0.0)
        name = key(self.catalog, item, self.supply)
        if receipt := self._cached(item, name):
            return receipt
        with cache.locked(f"{item.kind}-{item.name}", lambda: self._say(item, "waiting")):
            if receipt := self._cached(item, name):
                return receipt
            self._say(item, "downloading" if is_fetched(self.catalog, item, self.supply) else "building")
            receipt = self._make_room_and_make(item, name)
        self._say(item, "done")
        return receipt

    def _cached(self, item: Item, name: str) -> Receipt | None:
        receipt = cache.find(item, name)
        if receipt is None:
            return None
        if item.kind == "images" and registry.tagged(self.catalog.image(item.name)) != receipt.digest:
            registry.point(self.catalog.image(item.name), receipt.digest)
        cache.mark_used(item, name)
        self._say(item, "cached")
        return receipt

    def _make_room_and_make(self, item: Item, name: str) -> Receipt:
        space = space_mib(self.catalog, item, self.supply)
        golang.prune(space)
        try:
            return self._make(item, name, space)
        except DiskFullError:
            # The estimate was low: with the builds' caches gone it may fit.
            if golang.prune(free_mib(cache_root()) + space) <= 0:
                raise
            return self._make(item, name, space)

    def _make(self, item: Item, name: str, space_mib: int) -> Receipt:
        started = time.monotonic()
        # Outside for the workspace itself, inside to look at the disk before the workspace is deleted.
        full = functools.partial(explain_disk_full, str(item), space_mib, cache_root())
        with full(), cache.workspace(item, name) as work, full():
            digest = self._fill(item, work / "out", work / "tmp")
            blobs = registry.blobs_of(digest) if item.kind == "images" else {}
            seconds = round(time.monotonic() - started, 2)
            receipt = Receipt(str(item), name, self.supply, seconds, digest, blobs=blobs)
            return cache.publish(work, item, receipt)

    def _fill(self, item: Item, out: Path, tmp: Path) -> str:
        """Makes `item` in `out`; the digest of what was made, where it has one."""
        catalog, upstream_wanted = self.catalog, is_fetched(self.catalog, item, self.supply)
        match item.kind:
            case "tools":
                debian.unpack_tool(item.name, catalog.tools[item.name], out, tmp)
            case "debian":
                base = catalog.debian[item.name].base
                below = layer(base, catalog) if base else None
                debian.build(catalog.debian[item.name], tool("mmdebstrap", catalog), out, tmp, below)
            case "binaries" if upstream_wanted:
                upstream.download_binaries(catalog, item.name, out, tmp)
            case "binaries":
                golang.build(catalog, item.name, out, tmp)
            case "charts" if upstream_wanted:
                upstream.pull_chart(catalog, item.name, binary("helm", self.supply, catalog), out, tmp)
            case "charts":
                charts.build_chart(catalog, item.name, out, tmp)
            case "manifests" if upstream_wanted:
                kubectl = binary("kubectl", self.supply, catalog)
                upstream.download_manifest(catalog, item.name, kubectl, out, tmp)
            case "manifests":
                charts.build_manifest(catalog, item.name, binary("kubectl", self.supply, catalog), out, tmp)
            case "images" if upstream_wanted:
                return images.copy(catalog, item.name, tmp)
            case "images":
                return images.build(catalog, item.name, self.supply, out, tmp)
        return ""
