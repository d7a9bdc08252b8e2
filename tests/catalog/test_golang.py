import fcntl
from pathlib import Path

import pytest

from catalog import golang
from catalog.directories import cache_root
from catalog.schema import load


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go caches of this test alone, on a disk with 100 MiB free and 1000 more in each cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    go = cache_root() / "go"
    for folder in ("build", "mod"):
        (go / folder).mkdir(parents=True)

    def free(path: Path) -> int:
        return 100 + sum(1000 for folder in ("build", "mod") if not (go / folder).exists())

    monkeypatch.setattr(golang, "free_mib", free)
    return go


def left(go: Path) -> set[str]:
    return {path.name for path in go.iterdir()}


def test_nothing_is_dropped_while_there_is_room(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golang, "KEEP_FREE_MIB", 50)
    assert golang.prune(50) == 0
    assert left(caches) == {"build", "mod"}


def test_the_build_cache_goes_first_and_the_modules_only_if_that_is_not_enough(
    caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "KEEP_FREE_MIB", 50)
    assert golang.prune(500) == 1000
    assert left(caches) == {"mod"}
    assert golang.prune(1500) == 1000
    assert left(caches) == set()


def test_caches_that_a_build_is_using_are_left_alone(caches: Path) -> None:
    with golang._lock_file().open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        assert golang.prune(500) == 0
    assert left(caches) == {"build", "mod"}


def test_caches_that_are_linked_elsewhere_are_left_alone(caches: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    caches.rename(elsewhere)
    caches.symlink_to(elsewhere)
    golang.prune(50_000)
    assert left(elsewhere) == {"build", "mod"}


def test_the_linker_is_told_the_versions_that_programs_print() -> None:
    flags = golang.linker_flags(load().binaries["pulumi"])
    assert flags == "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0"


def test_go_builds_without_c_with_this_toolchain_and_with_caches_of_its_own(caches: Path, tmp_path: Path) -> None:
    told = golang.variables(tmp_path)
    assert (told["CGO_ENABLED"], told["GOTOOLCHAIN"], told["GOFLAGS"]) == ("0", "local", "-mod=readonly")
    assert told["GOMODCACHE"] == str(caches / "mod") and told["TMPDIR"] == str(tmp_path)
