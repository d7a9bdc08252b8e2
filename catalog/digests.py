"""Asks upstream for the digests that the lock lacks, and whether what it gives is still what the lock says.

Every digest is computed here, from the bytes that came; what a server says of them is not taken for it.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.cache import record
from catalog.directories import cache_root
from catalog.entries import ANY, Download, HelmUpstream
from catalog.errors import CatalogError
from catalog.items import Item, is_fetched
from catalog.lockfile import Slot, filled, slots
from catalog.processes import run
from catalog.schema import Catalog, load
from catalog.supply import Supply
from catalog.upstream import architectures, fetch, fill, pull_archive, tree_sha256

AT_ONCE = 4
"""How many addresses are asked side by side: what is waited for are servers."""


@dataclass(frozen=True)
class Clients:
    """The programs that speak with registries and chart repositories."""

    crane: Path
    helm: Path


@dataclass(frozen=True)
class Finding:
    """What upstream gave for one address."""

    item: str
    address: str
    architecture: str
    """Empty where the lock has one digest for all."""
    known: str
    """The lock's digest; empty where it had none."""
    digest: str = ""
    why: str = ""
    """Why there is no digest."""

    @property
    def outcome(self) -> str:
        """resolved (the lock had none), same, differs, or unanswered."""
        if not self.digest:
            return "unanswered"
        return "resolved" if not self.known else "same" if self.known == self.digest else "differs"


@dataclass(frozen=True)
class _Question:
    address: str
    architecture: str
    known: str
    compute: Callable[[Path], str]
    """Fetches into an empty directory and returns the digest of what came."""


def resolve(catalog: Catalog, items: list[Item], clients: Clients, tell: Callable[[Finding], None]) -> list[Finding]:
    """Asks for everything of `items` that comes from upstream, and writes the digests that the lock lacks into it.

    What the lock has already is compared and never written over. What has no answer stays as it was.
    """
    file = catalog.root / "catalog.yaml"
    text = file.read_text()
    theirs = [item for item in items if is_fetched(catalog, item, Supply.UPSTREAM)]
    asked = [slot for slot in slots(text) if Item(*slot.path[:2]) in theirs]

    def answer(slot: Slot) -> list[Finding]:
        found = [_answered(str(Item(*slot.path[:2])), question) for question in _questions(catalog, slot, clients)]
        for finding in found:
            tell(finding)
        return found

    cache_root().mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(asked, pool.map(answer, asked), strict=True))
    news = {slot: _value(found) for slot, found in answers.items() if any(f.outcome == "resolved" for f in found)}
    if news:
        _write(file, filled(text, news))
    return [finding for found in answers.values() for finding in found]


def _questions(catalog: Catalog, slot: Slot, clients: Clients) -> Iterator[_Question]:
    """What must be asked for one slot's value: one address, or one for each architecture."""
    kind, name = slot.path[:2]
    if kind == "images":
        for arch, (reference, known) in catalog.published(name).items():
            apart = "" if arch == ANY and not catalog.images[name].upstream else arch
            yield _Question(reference, apart, known, partial(_image, clients.crane, reference))
        return
    upstream, version = _upstream(catalog, slot)
    if isinstance(upstream, HelmUpstream):
        yield _Question(
            f"{upstream.chart} {version}", "", upstream.sha256, partial(_chart, clients.helm, upstream, version)
        )
        return
    for arch in architectures(upstream):
        address, known = fill(upstream.url, upstream, version, arch), upstream.sha256.get(arch, "")
        yield _Question(address, arch, known, partial(_file, upstream.model_copy(update={"sha256": {}}), version, arch))


def _upstream(catalog: Catalog, slot: Slot) -> tuple[Download | HelmUpstream, str]:
    """What a slot of programs, charts or manifests names, and in which version."""
    kind, name = slot.path[:2]
    if kind == "binaries":
        download = catalog.binaries[name].programs[slot.path[3]].upstream
        assert download is not None
        return download, catalog.binaries[name].version
    entry = catalog.charts[name] if kind == "charts" else catalog.manifests[name]
    if isinstance(entry.upstream, HelmUpstream):
        return entry.upstream, catalog.charts[name].version
    return entry.upstream, catalog.binaries[entry.binaries].version


def _answered(item: str, question: _Question) -> Finding:
    digest = why = ""
    try:
        with TemporaryDirectory(dir=cache_root(), prefix="resolve-") as tmp:
            digest = question.compute(Path(tmp))
    except CatalogError as error:
        why = str(error)
    return Finding(item, question.address, question.architecture, question.known, digest, why)


def _image(crane: Path, reference: str, _: Path) -> str:
    """The digest of what the tag names: of the index, where there is one for all architectures."""
    return f"sha256:{hashlib.sha256(run([crane, 'manifest', reference]).encode()).hexdigest()}"


def _file(download: Download, version: str, arch: str, tmp: Path) -> str:
    fetched = fetch(download, version, tmp, arch)
    return tree_sha256(fetched) if download.generated else record(fetched).sha256


def _chart(helm: Path, upstream: HelmUpstream, version: str, tmp: Path) -> str:
    return record(pull_archive(upstream, version, helm, tmp)).sha256


def _value(found: list[Finding]) -> str | dict[str, str]:
    """What a slot is given: what the lock had, and what was computed for the rest."""
    digests = {finding.architecture: finding.known or finding.digest for finding in found}
    return digests[""] if "" in digests else {arch: digest for arch, digest in digests.items() if digest}


def _write(file: Path, text: str) -> None:
    """Replaces the lock at once, and only by one that can be read."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fresh.write_text(text)
        load(fresh)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
