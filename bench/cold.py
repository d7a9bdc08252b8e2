"""Makes everything that a profile needs from nothing, timed, and writes docs/performance-cold.md: `make bench-cold`."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from bench import machine
from bench.targets import of
from cairn.console import say
from catalog.cache import read
from catalog.directories import REPOSITORY, cache_root
from catalog.items import all_items, key
from catalog.schema import load as load_catalog
from catalog.supply import Supply
from modules.registry import catalog_items
from modules.validation import load
from profiles.errors import ProfileError

FILE = REPOSITORY / "docs" / "performance-cold.md"

HEAD = [
    "# Performance: a cold build",
    "",
    "Made by `make bench-cold` (`python -m bench.cold`): all that a profile needs, from package registries alone, with",
    "every cache empty: the catalog's own, Go's modules and compiled packages, uv's and Debian's packages. Times of",
    "items are those in the receipts; the first item that uses a Go module pays for it, items that share it are",
    "cheap afterwards, and some are made side by side.",
    "",
]


def main(
    profile: Annotated[str, typer.Option(help="The profile whose items are made.")] = "laptop",
    cache: Annotated[
        Path | None, typer.Option(help="An empty directory to make them in, which stays. [default: one that goes]")
    ] = None,
) -> None:
    """Build into an empty cache, and write the page."""
    try:
        items = catalog_items(load(profile))
    except ProfileError as error:
        raise SystemExit(f"error: {error}") from None
    busy = machine.busy()
    place = cache or Path(tempfile.mkdtemp(prefix="cairn-cold-", dir=cache_root().parent))
    place.mkdir(parents=True, exist_ok=True)
    if any(place.iterdir()):
        raise SystemExit(f"{place} is not empty: name an empty directory, or none")
    os.environ["XDG_CACHE_HOME"] = str(place)
    try:
        FILE.write_text(page(profile, build(profile, items), made(), busy))
    finally:
        if cache is None:
            shutil.rmtree(place)
    typer.echo(FILE.read_text())


def build(profile: str, items: list[str]) -> float:
    """Seconds that `cairn catalog build` takes for the profile's items."""
    say(f"everything that {profile} needs, into {os.environ['XDG_CACHE_HOME']}")
    started = time.monotonic()
    words = ["catalog", "build", "--supply", "source", *items]
    subprocess.run([sys.executable, "-m", "cairn", *words], cwd=REPOSITORY, check=True)
    return time.monotonic() - started


def made() -> dict[str, float]:
    """Seconds that each item in the cache took to make, by the cache's receipts."""
    lock = load_catalog()
    receipts = {item: read(item, key(lock, item, Supply.SOURCE)) for item in all_items(lock)}
    return {str(item): receipt.seconds for item, receipt in receipts.items() if receipt}


def page(profile: str, seconds: float, items: dict[str, float], busy: float) -> str:
    """The whole page, the most expensive items first."""
    total = sum(items.values())
    rows = sorted(items.items(), key=lambda pair: -pair[1])
    return "\n".join(
        [
            *HEAD,
            f"Profile `{profile}`; {machine.describe()}; load average before the start {busy:.1f}.",
            "",
            f"**{seconds / 60:.1f} minutes** in all (target: {of(profile).cold_minutes:g}), for {len(items)} items.",
            "",
            "| item | time | share |",
            "|---|---|---|",
            *(f"| {item} | {spent:.0f} s | {100 * spent / total:.0f} % |" for item, spent in rows if spent >= 1),
            "",
        ]
    )


if __name__ == "__main__":
    typer.run(main)
