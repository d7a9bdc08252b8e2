"""What the catalog's commands show, as plain data: the state of each item here, and how progress reads."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog import cache, debian, registry
from catalog.build import Progress
from catalog.digests import Finding
from catalog.items import Item, all_items, key
from catalog.schema import Catalog
from catalog.supply import Supply


@dataclass(frozen=True)
class Row:
    """One item as `cairn catalog list` shows it."""

    item: str
    version: str
    licence: str
    reference: str
    """An image's name, a Go module, or Debian packages."""
    state: str
    """cached, missing, or machine (the machine has the tool itself)."""
    mib: int
    seconds: float
    """What making it took on this machine."""
    digest: str


def describe(catalog: Catalog, item: Item) -> tuple[str, str, str]:
    """Version, licence and reference of an item."""
    match item.kind:
        case "binaries":
            entry = catalog.binaries[item.name]
            return entry.version, entry.licence, entry.module
        case "images":
            return catalog.image_version(item.name), catalog.image_licence(item.name), catalog.image(item.name)
        case "charts":
            chart = catalog.charts[item.name]
            return chart.version, catalog.binaries[chart.binaries].licence, chart.path
        case "manifests":
            origin = catalog.binaries[catalog.manifests[item.name].binaries]
            return origin.version, origin.licence, catalog.manifests[item.name].path
        case "debian":
            system = catalog.debian[item.name]
            return system.suite, system.licence, " ".join(system.packages)
    tool = catalog.tools[item.name]
    return "", tool.licence, " ".join(tool.packages)


def rows(catalog: Catalog, supply: Supply) -> list[Row]:
    """Every item and its state under `supply`, from receipts alone."""
    found: list[Row] = []
    for item in all_items(catalog):
        version, licence, reference = describe(catalog, item)
        receipt = cache.read(item, key(catalog, item, supply))
        if item.kind == "tools" and debian.on_machine(item.name):
            found.append(Row(str(item), version, licence, reference, "machine", 0, 0.0, ""))
        elif receipt is None:
            found.append(Row(str(item), version, licence, reference, "missing", 0, 0.0, ""))
        else:
            size = sum(record.size for record in (*receipt.files.values(), *receipt.blobs.values()))
            mib, seconds = size // 2**20, receipt.seconds
            found.append(Row(str(item), version, licence, reference, "cached", mib, seconds, receipt.digest))
    return found


def verify(catalog: Catalog, items: list[Item], supply: Supply) -> dict[str, list[str]]:
    """Reads every byte of the cached `items`; what is wrong with each. Items that aren't cached are not named.

    A broken entry is set aside, so that the next `provide` makes it again.
    """
    found: dict[str, list[str]] = {}
    for item in items:
        name = key(catalog, item, supply)
        if not cache.directory(item, name).exists():
            continue
        found[str(item)] = list(cache.faults(item, name, full=True))
        if found[str(item)]:
            cache.set_aside(item, name)
        receipt = None if found[str(item)] else cache.read(item, name)
        if item.kind == "images" and receipt:
            tagged = registry.tagged(catalog.image(item.name))
            if tagged != receipt.digest:
                found[str(item)].append(f"{catalog.image(item.name)} names {tagged or 'nothing'} in the store")
    return found


OUTCOMES = ("resolved", "same", "differs", "unanswered")
"""What asking upstream for a digest can come to."""


def told(finding: Finding) -> str:
    """One line for what upstream gave: `binaries/helm  resolved  https://...  0123...`."""
    detail = finding.why.splitlines()[0] if finding.why else finding.digest
    if finding.outcome == "differs":
        detail += f", and the lock says {finding.known}"
    return f"{finding.item:<32} {finding.outcome:<11} {finding.address}  {detail}"


def seconds(elapsed: float) -> str:
    """A duration as a person reads it: 7 s, 2 min 05 s."""
    minutes, rest = divmod(round(elapsed), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def plain_lines(write: Callable[[str], None]) -> Callable[[Progress], None]:
    """Shows progress as one line per item that takes time: `[ 3/41] images/kueue  building  (12 s)`."""

    def show(progress: Progress) -> None:
        if progress.phase != "cached":
            width = len(str(progress.total))
            place = f"[{progress.index:{width}}/{progress.total}]"
            write(f"{place} {progress.item:<32} {progress.phase:<11} {seconds(progress.elapsed)}")

    return show
