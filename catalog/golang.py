"""Builds the programs of one Go module, and reads files of modules. Checked by go.sum, cached in the shared cache."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.cache import remove
from catalog.directories import cache_root
from catalog.entries import Binaries
from catalog.errors import free_mib
from catalog.processes import run
from catalog.schema import Catalog

KEEP_FREE_MIB = 1024
"""Disk that is left for everybody else while a build runs."""


def variables(tmp: Path) -> dict[str, str]:
    """What Go is told by its environment: static, reproducible, this toolchain, caches of Cairn's own.

    Its compiler collects garbage less often than by its own default, up to a bound: crane from nothing took 69 instead
    of 89 processor seconds, and the same bytes came out.
    """
    root = cache_root() / "go"
    return {
        "CGO_ENABLED": "0",
        "GOCACHE": str(root / "build"),
        "GOFLAGS": "-mod=readonly",
        "GOGC": "400",
        "GOMEMLIMIT": "2GiB",
        "GOMODCACHE": str(root / "mod"),
        "GOTMPDIR": str(tmp),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "TMPDIR": str(tmp),
    }


def linker_flags(binaries: Binaries) -> str:
    """No symbol table, and the module's version stamps."""
    known = {"version": binaries.version, "number": binaries.version.removeprefix("v")}
    stamps = [f"-X {name}={value.format(**known)}" for name, value in binaries.stamps.items()]
    return " ".join(["-s", "-w", *stamps])


def build(catalog: Catalog, name: str, out: Path, tmp: Path) -> None:
    """Builds every program of the binaries entry `name` into `out`/bin, in one go build."""
    binaries = catalog.binaries[name]
    source = _with_embedded(catalog, name, tmp) if binaries.embeds else catalog.root / "go" / name
    target = tmp / "bin"
    target.mkdir()
    packages = [program.package for program in binaries.programs.values()]
    command = ["go", "build", "-trimpath", "-ldflags", linker_flags(binaries), "-o", f"{target}/", *packages]
    with _caches_in_use():
        run(command, cwd=source, changes=variables(tmp))
    (out / "bin").mkdir()
    for program, entry in binaries.programs.items():
        shutil.move(target / (entry.output or Path(entry.package).name), out / "bin" / program)


def _with_embedded(catalog: Catalog, name: str, tmp: Path) -> Path:
    """A copy of a program of our own, beside the files of the module that it embeds."""
    source, module = tmp / "source", module_directory(catalog, name, tmp)
    shutil.copytree(catalog.root / "go" / name, source)
    for file in catalog.binaries[name].embeds:
        shutil.copyfile(module / file, source / Path(file).name)
    return source


def module_directory(catalog: Catalog, name: str, tmp: Path) -> Path:
    """The unpacked source of a binaries entry's module, downloaded again if it was pruned."""
    module = catalog.binaries[name].module
    folder, changes = catalog.root / "go" / name, variables(tmp)
    with _caches_in_use():
        run(["go", "mod", "download", module], cwd=folder, changes=changes)
        return Path(run(["go", "list", "-m", "-f", "{{.Dir}}", module], cwd=folder, changes=changes).strip())


@contextmanager
def _caches_in_use() -> Iterator[None]:
    """Keeps other processes from pruning while a build reads and writes the caches."""
    with _lock_file().open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        yield


def _lock_file() -> Path:
    path = cache_root() / "locks" / "go-caches"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def prune(needed_mib: int) -> int:
    """Drops Go's build cache, then its modules, until `needed_mib` and a reserve are free; MiB gained.

    What was built from them is kept, so they cost only time. Caches that a build is using are left alone.
    """
    before = free_mib(cache_root())
    with _lock_file().open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        for folder in (cache_root() / "go" / "build", cache_root() / "go" / "mod"):
            # What somebody linked elsewhere is not on this disk, and not ours to drop.
            linked = folder.is_symlink() or folder.parent.is_symlink()
            if not linked and free_mib(cache_root()) < needed_mib + KEEP_FREE_MIB:
                remove(folder)
    return free_mib(cache_root()) - before
