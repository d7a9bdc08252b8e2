"""A full disk while items are made, on a small filesystem that only the test's process sees mounted."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import cache as entries
from catalog.build import provide
from catalog.directories import cache_root
from catalog.errors import CatalogError, DiskFullError, explain_disk_full, mount_point
from catalog.items import Item, key
from catalog.schema import Catalog, load
from catalog.supply import Supply

from .conftest import MakeCatalog, needs_root

HELLO = Item("binaries", "hello")
SCRIPT = """
import subprocess, sys
from pathlib import Path
from catalog import debian
from catalog.build import provide
from catalog.errors import DiskFullError
from catalog.schema import load
from catalog.supply import Supply
if sys.argv[5:]:
    debian.machine_sources = lambda suite: [f"deb [trusted=yes] copy://{sys.argv[5]} ./"]
root, catalog, item = Path(sys.argv[2]), load(Path(sys.argv[3])), sys.argv[4]
def attempt():
    try:
        provide([item], Supply.SOURCE, catalog=catalog)
    except DiskFullError as error:
        return f"full: {error}"
    return "made"
print(attempt())
print(sorted(path.name for path in root.rglob(".building*")))
subprocess.run(["mount", "-o", "remount,size=2g", sys.argv[1]], check=True)
print(attempt())
"""


def run_on_small_filesystem(
    catalog: Catalog, item: str, mib: int, tmp_path: Path, prepare: Callable[[Path], None], packages: Path | None = None
) -> list[str]:
    """Makes `item` with a cache of `mib` MiB, then again with room; what the attempts printed.

    Debian packages come from the directory `packages`.
    """
    mount, seed = tmp_path / "small", tmp_path / "seed"
    mount.mkdir()
    (seed / "cairn").mkdir(parents=True)
    prepare(seed / "cairn")
    command = 'mount -t tmpfs -o "size=$1m" small "$2" && cp -a "$3/." "$2" && shift 3 && exec "$@"'
    lock = str(catalog.root / "catalog.yaml")
    script = [sys.executable, "-c", SCRIPT, str(mount), str(mount / "cairn"), lock, item]
    script += [str(packages)] if packages else []
    done = subprocess.run(
        [
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", command, "sh", str(mib), mount, seed),
            *script,
        ],
        env={**os.environ, "XDG_CACHE_HOME": str(mount)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def check(lines: list[str], item: str, mount: Path) -> None:
    assert lines[0].startswith(f"full: {item}: no space left on {mount} (small)")
    assert "MiB free" in lines[0] and "MiB needed" in lines[0]
    assert "XDG_CACHE_HOME" in lines[1]
    assert lines[2:] == ["[]", "made"]


def copy(item: Item, catalog: Catalog, small: Path) -> None:
    """Copies what this test's (or the person's) cache has of `item` into the small one."""
    place = entries.directory(item, key(catalog, item, Supply.SOURCE))
    target = small / place.relative_to(cache_root())
    target.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", place, target], check=True)


def repository(folder: Path) -> None:
    """Makes a Debian repository of one package, `big`, which unpacks to 30 MiB."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    control = "Package: big\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.com>\nDescription: big\n"
    (tree / "DEBIAN/control").write_text(control)
    (tree / "usr/share/doc/big").mkdir(parents=True)
    (tree / "usr/share/doc/big/copyright").write_bytes(b"\0" * (30 << 20))
    deb = folder / "big.deb"
    subprocess.run(["dpkg-deb", "--build", "-Zgzip", "-z1", tree, deb], check=True, capture_output=True)
    figures = (
        f"Filename: ./big.deb\nSize: {deb.stat().st_size}\nSHA256: {hashlib.sha256(deb.read_bytes()).hexdigest()}\n"
    )
    (folder / "Packages").write_text(control + figures)


@needs_root()
def test_go_running_out_of_space_is_told_and_the_next_run_with_room_succeeds(
    tmp_path: Path, make_catalog: MakeCatalog, go_build_cache: Path
) -> None:
    def prepare(small: Path) -> None:
        # Go's own runtime is compiled elsewhere; what has no room is the program.
        (small / "go").mkdir()
        (small / "go/build").symlink_to(go_build_cache)

    lines = run_on_small_filesystem(make_catalog(), "binaries/hello", 1, tmp_path, prepare)
    check(lines, "binaries/hello", tmp_path / "small")


@needs_root()
def test_a_push_to_the_registry_running_out_of_space_is_told(
    cache: Path, tmp_path: Path, make_catalog: MakeCatalog, builders: Callable[[Path], None]
) -> None:
    catalog = make_catalog()
    (catalog.root / "go/hello/big").write_bytes(b"\0" * (30 << 20))
    body = "//go:embed big\nvar big string\n\nfunc main() { println(len(big)) }\n"
    (catalog.root / "go/hello/main.go").write_text(f'package main\n\nimport _ "embed"\n\n{body}')
    provide(["binaries/hello"], Supply.SOURCE, catalog=catalog)

    def prepare(small: Path) -> None:
        builders(small)
        copy(HELLO, catalog, small)

    # Room for the program, crane and the registry (94 MiB) and for the layer, but not for the store's copy of it.
    lines = run_on_small_filesystem(catalog, "images/hello", 94 + 31 + 20, tmp_path, prepare)
    check(lines, "images/hello", tmp_path / "small")


@needs_root()
def test_mmdebstrap_running_out_of_space_is_told(tmp_path: Path, make_catalog: MakeCatalog) -> None:
    debian = {"big": {"form": "unpack", "packages": ["big"], "licence": "GPL-3.0-or-later", "space_mib": 60}}
    catalog = make_catalog(debian=debian, tools={"mmdebstrap": load().tools["mmdebstrap"].model_dump(mode="json")})
    (receipt,) = provide(["tools/mmdebstrap"], Supply.SOURCE)
    repository(tmp_path / "packages")

    def prepare(small: Path) -> None:
        if receipt.key:
            copy(Item("tools", "mmdebstrap"), catalog, small)

    lines = run_on_small_filesystem(catalog, "debian/big", 20, tmp_path, prepare, tmp_path / "packages")
    check(lines, "debian/big", tmp_path / "small")


@pytest.mark.parametrize(
    "words",
    [
        "write /x/a.o: no space left on device",
        "tar: out: Cannot write: No space left on device",
        "tar: ./usr/share/x: Wrote only 3072 of 10240 bytes",
        "E: You don't have enough free space: Disk quota exceeded",
        "PUT ...: 500 unknown error; filesystem: write: no space left on device",
    ],
)
def test_every_program_s_words_for_a_full_disk_are_understood(words: str, tmp_path: Path) -> None:
    with pytest.raises(DiskFullError, match="about 7 MiB needed"), explain_disk_full("images/x", 7, tmp_path):
        raise CatalogError(words)


def test_other_failures_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="undefined") as caught, explain_disk_full("x", 7, tmp_path):
        raise CatalogError("undefined: x")
    assert not isinstance(caught.value, DiskFullError)


def test_the_filesystem_is_named_by_its_deepest_mount_point() -> None:
    assert mount_point(Path("/proc/self"))[1] == "/proc"
