"""`cairn catalog`: builds, lists and checks the items, and shows what is in an image."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from catalog import digests, report
from catalog import prune as pruning
from catalog.build import Progress, binary, provide
from catalog.cache import Receipt, directory
from catalog.errors import CatalogError
from catalog.items import Item, key, select
from catalog.schema import load
from catalog.supply import Supply
from catalog.supply import resolve as choose

catalog_app = typer.Typer(
    name="catalog",
    help="Build, list and check the binaries, images, charts and manifests that Cairn installs.",
    no_args_is_help=True,
)

Items = Annotated[
    list[str] | None,
    typer.Argument(help="Names such as kueue, kubelet or images/kueue. None means all.", show_default=False),
]
SupplyName = Annotated[str, typer.Option("--supply", help="auto, source or upstream.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@contextmanager
def _explained() -> Iterator[None]:
    """A CatalogError ends the command with its message alone."""
    try:
        yield
    except CatalogError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(1)


def _supply(wanted: str, quiet: bool) -> Supply:
    supply, reason = choose(wanted)
    if not quiet:
        typer.echo(f"supply: {supply} ({reason})", err=True)
    return supply


@catalog_app.command(epilog="Examples:  cairn catalog build  ·  cairn catalog build kueue images/ray --supply source")
def build(items: Items = None, supply: SupplyName = "auto", as_json: Json = False) -> None:
    """Make or fetch what is not in the cache yet. Safe to run twice at once, and again after it was killed."""
    with _explained():
        chosen = _supply(supply, as_json)
        if as_json:
            receipts = provide(items, chosen)
        elif sys.stderr.isatty():
            receipts = _build_live(items, chosen)
        else:
            receipts = provide(items, chosen, report.plain_lines(lambda line: typer.echo(line, err=True)))
    shown = [
        {"item": r.item, "key": r.key, "supply": r.supply, "seconds": r.seconds, "digest": r.digest} for r in receipts
    ]
    typer.echo(json.dumps(shown, indent=1) if as_json else f"{len(receipts)} items ready")


def _print(table: Table) -> None:
    """A table on stdout; in a pipe no line of it is broken or cut."""
    Console(width=None if sys.stdout.isatty() else 1000).print(table)


class _Bar:
    """The lines of a running build on a terminal: what is being made now, over n of m and the time so far."""

    def __init__(self) -> None:
        self.running: dict[str, Progress] = {}
        self.finished = 0
        self.total = 0
        self.started = time.monotonic()
        self.console = Console(stderr=True)

    def __call__(self, progress: Progress) -> None:
        self.total = progress.total
        if progress.phase in ("cached", "done"):
            self.finished += 1
            self.running.pop(progress.item, None)
        else:
            self.running[progress.item] = progress

    def __rich__(self) -> Text:
        now = ", ".join(f"{name} {progress.phase}" for name, progress in self.running.items())
        elapsed = report.seconds(time.monotonic() - self.started)
        # One line: what wraps leaves lines behind on a narrow terminal.
        return Text(f"{self.finished} of {self.total} items, {elapsed}   {now}", no_wrap=True, overflow="ellipsis")


def _build_live(items: list[str] | None, supply: Supply) -> list[Receipt]:
    bar = _Bar()
    with Live(bar, console=bar.console, transient=True, refresh_per_second=4):
        return provide(items, supply, bar)


@catalog_app.command("list", epilog="Examples:  cairn catalog list  ·  cairn catalog list --supply upstream --json")
def list_items(supply: SupplyName = Supply.SOURCE, as_json: Json = False) -> None:
    """Show every item: version, licence, where it comes from, and whether this machine has it."""
    with _explained():
        rows = report.rows(load(), choose(supply)[0])
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=1))
        return
    table = Table(
        Column("item", no_wrap=True), "version", "licence", "state", "MiB", "made in", box=None, pad_edge=False
    )
    for row in rows:
        made = report.seconds(row.seconds) if row.state == "cached" else ""
        table.add_row(row.item, row.version, row.licence, row.state, str(row.mib or ""), made)
    _print(table)


@catalog_app.command(epilog="Examples:  cairn catalog verify  ·  cairn catalog verify kubelet images/kueue --json")
def verify(items: Items = None, supply: SupplyName = Supply.SOURCE, as_json: Json = False) -> None:
    """Read every byte of the cached items and compare it with what was recorded; broken ones are made again later."""
    with _explained():
        catalog = load()
        found = report.verify(catalog, select(catalog, items), choose(supply)[0])
    broken = {item: faults for item, faults in found.items() if faults}
    if as_json:
        typer.echo(json.dumps({"checked": sorted(found), "broken": broken}, indent=1))
    for item, faults in {} if as_json else broken.items():
        typer.echo(f"{item}: broken")
        for fault in faults[:5]:
            typer.echo(f"  {fault}")
    if broken:
        again = f"`cairn catalog build {' '.join(broken)}` makes them again"
        _fail(f"{len(broken)} of {len(found)} items are broken; {again}")
    if not as_json:
        typer.echo(f"{len(found)} items are as they were made")


@catalog_app.command(epilog="Examples:  cairn catalog prune --dry-run  ·  cairn catalog prune --days 0 --json")
def prune(
    days: Annotated[int, typer.Option(help="Keep what was asked for in so many days.", min=0)] = 14,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Drop what no lock in use names: superseded items, and images of the registry that were theirs.

    Kept: all that this checkout's lock names, all that a running environment was made with, and what anybody, such as
    another checkout, asked for lately. Waits while items are being made.
    """
    with _explained():
        busy = "waiting for a build to end"
        done = pruning.prune(load(), days, only_look=dry_run, waiting=lambda: typer.echo(busy, err=True))
    if as_json:
        typer.echo(json.dumps({**asdict(done), "bytes": done.bytes, "dry_run": dry_run}, indent=1))
        return
    for dropped in done.entries:
        typer.echo(f"{dropped.entry:<60} {dropped.bytes // 2**20:>6} MiB  unused for {dropped.days} days")
    verb = "would free" if dry_run else "freed"
    typer.echo(f"{len(done.entries)} items and {done.blobs // 2**20} MiB of images: {verb} {done.bytes // 2**20} MiB")


@catalog_app.command(epilog="Examples:  cairn catalog resolve  ·  cairn catalog resolve kueue images/ray --json")
def resolve(items: Items = None, supply: SupplyName = "auto", as_json: Json = False) -> None:
    """Ask upstream for the digests that the lock lacks and write them into it; compare those that it has.

    Each is computed from the bytes that came. For maintainers, after a new version: `--supply` only says where the
    clients that ask come from. Fails when something has no answer, or another digest than the lock's.
    """
    with _explained():
        catalog, chosen = load(), _supply(supply, as_json)
        wanted = select(catalog, items)
        provide(("crane", "helm"), chosen)
        clients = digests.Clients(binary("crane", chosen), binary("helm", chosen))
        found = digests.resolve(catalog, wanted, clients, lambda finding: typer.echo(report.told(finding), err=True))
    if as_json:
        typer.echo(json.dumps([{**asdict(finding), "outcome": finding.outcome} for finding in found], indent=1))
    counts = {outcome: len([f for f in found if f.outcome == outcome]) for outcome in report.OUTCOMES}
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    if counts["differs"] or counts["unanswered"]:
        _fail(
            f"{summary}; a digest that differs is not written over: take the old one out of catalog.yaml if it is to go"
        )
    if not as_json:
        typer.echo(summary)


@catalog_app.command(epilog="Examples:  cairn catalog sbom ray  ·  cairn catalog sbom kueue --json > kueue.cdx.json")
def sbom(image: Annotated[str, typer.Argument(help="An image, such as kueue.")], as_json: Json = False) -> None:
    """Show what is in an image that was built here: each package, its version and licence (CycloneDX with --json)."""
    with _explained():
        catalog = load()
        item = Item("images", image.removeprefix("images/"))
        catalog.image(item.name)
        path = directory(item, key(catalog, item, Supply.SOURCE)) / "sbom.cdx.json"
        if not path.exists():
            raise CatalogError(f"{item} was not built here; run `cairn catalog build {item} --supply source`")
        document = json.loads(path.read_text())
    if as_json:
        typer.echo(json.dumps(document, indent=1))
        return
    table = Table("package", "version", "purl", box=None, pad_edge=False)
    for component in document["components"]:
        table.add_row(component["name"], component["version"], component["purl"])
    _print(table)
