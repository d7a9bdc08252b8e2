"""A full disk while items are made, on a small filesystem that only the test's process sees mounted."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import cache as entries
from catalog.build import provide
from catalog.errors import CatalogError, DiskFullError, explain_disk_full, mount_point
from catalog.items import Item, key
from catalog.schema import Catalog
from catalog.supply import Supply

from .conftest import MakeCatalog, needs_root

HELLO = Item("binaries", "hello")
SCRIPT = """
import subprocess, sys
from pathlib import Path
from catalog.build import binary, provide
from catalog import cache as entries
from catalog.build import provide
from catalog.errors import CatalogError, DiskFullError
from catalog.items import Item
from catalog.schema import load
from catalog.supply import Supply
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
    catalog: Catalog, item: str, mib: int, tmp_path: Path, prepare: Callable[[Path], None] = lambda cache: None
) -> list[str]:
    """Makes `item` with a cache of `mib` MiB, then again with room; what the attempts printed."""
    mount, seed = tmp_path / "small", tmp_path / "seed"
    mount.mkdir()
    (seed / "cairn").mkdir(parents=True)
    prepare(seed / "cairn")
    command = 'mount -t tmpfs -o "size=$1m" small "$2" && cp -a "$3/." "$2" && shift 3 && exec "$@"'
    done = subprocess.run(
        [
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", command, "sh", str(mib), mount, seed),
            *(sys.executable, "-c", SCRIPT, mount, mount / "cairn", catalog.root / "catalog.yaml", item),
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


@needs_root()
def test_go_running_out_of_space_is_told_and_the_next_run_with_room_succeeds(
    tmp_path: Path, make_catalog: MakeCatalog
) -> None:
    lines = run_on_small_filesystem(make_catalog(), "binaries/hello", 6, tmp_path)
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
        place = entries.directory(HELLO, key(catalog, HELLO, Supply.SOURCE)).relative_to(cache)
        (small / place).parent.mkdir(parents=True)
        subprocess.run(["cp", "-a", cache / place, small / place], check=True)

    # Room for the program, crane and the registry (94 MiB) and for the layer, but not for the store's copy of it.
    lines = run_on_small_filesystem(catalog, "images/hello", 94 + 31 + 20, tmp_path, prepare)
    check(lines, "images/hello", tmp_path / "small")


@needs_root()
def test_mmdebstrap_running_out_of_space_is_told(tmp_path: Path, make_catalog: MakeCatalog) -> None:
    debian = {
        "tiny": {"form": "unpack", "packages": ["catatonit"], "licence": "GPL-3.0-or-later", "space_mib": 60},
    }
    tools = {"mmdebstrap": {"packages": ["mmdebstrap"], "program": "usr/bin/mmdebstrap", "licence": "MIT"}}
    lines = run_on_small_filesystem(make_catalog(debian=debian, tools=tools), "debian/tiny", 40, tmp_path)
    assert any(line.startswith("full: ") and "no space left" in line for line in lines)
    assert lines[-1] == "made"


@pytest.mark.parametrize(
    "words",
    [
        "write /x/a.o: no space left on device",
        "tar: out: Cannot write: No space left on device",
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
