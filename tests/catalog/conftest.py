"""A cache of its own for each test, and a catalog of one tiny Go program; nothing here leaves the machine."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.build import provide
from catalog.directories import cache_root
from catalog.items import Item, key
from catalog.schema import Catalog, load
from catalog.supply import Supply

HELLO = 'package main\n\nvar version = "unset"\n\nfunc main() { println("hello", version) }\n'

MakeCatalog = Callable[..., Catalog]


@pytest.fixture(scope="session")
def go_build_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Go's build cache of all these tests: compiling Go's own runtime anew for each would take seconds."""
    folder = tmp_path_factory.getbasetemp().parent / "go-build"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go_build_cache: Path) -> Path:
    """An empty cache. Nothing in it leads to the person's: what prunes or breaks it must not reach that one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (cache_root() / "go").mkdir(parents=True)
    (cache_root() / "go/build").symlink_to(go_build_cache)
    return cache_root()


@pytest.fixture(scope="session")
def builders() -> Callable[[Path], None]:
    """Copies crane and the registry, made once in the person's cache, into another cache."""
    provide(["crane", "registry"], Supply.SOURCE)
    real, lock = cache_root(), load()

    def put(cache: Path) -> None:
        for name in lock.builders:
            item = Item("binaries", name)
            place = Path("items/binaries") / name / key(lock, item, Supply.SOURCE)
            (cache / place).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", real / place, cache / place], check=True)

    return put


@pytest.fixture
def make_catalog(tmp_path: Path) -> MakeCatalog:
    """Makes a catalog whose program `hello` is built from source without any module but its own."""

    def make(**changes: dict[str, Any]) -> Catalog:
        root = tmp_path / "catalog"
        real = load()
        (root / "go/hello").mkdir(parents=True, exist_ok=True)
        (root / "go/hello/go.mod").write_text("module example.com/hello\n\ngo 1.26\n")
        (root / "go/hello/go.sum").write_text("")
        (root / "go/hello/main.go").write_text(HELLO)
        for name in real.builders:
            if not (root / "go" / name).exists():
                shutil.copytree(real.root / "go" / name, root / "go" / name)
        content: dict[str, Any] = {
            "binaries": {
                "hello": {
                    "module": "example.com/hello",
                    "version": "v1.2.3",
                    "licence": "Apache-2.0",
                    "source": "https://example.com/hello",
                    "stamps": {"main.version": "{version}"},
                    "programs": {"hello": {"package": "example.com/hello"}},
                    "space_mib": 50,
                },
                **{name: real.binaries[name].model_dump(mode="json") for name in real.builders},
            },
            "images": {
                "hello": {
                    "reference": "example.com/greetings/hello:{version}",
                    "layers": [{"program": "hello", "path": "/usr/bin/hello"}],
                    "user": "65532:65532",
                    "entrypoint": ["/usr/bin/hello"],
                    "environment": {"GREETING": "a,b"},
                    "stop_signal": "SIGINT",
                    "space_mib": 20,
                }
            },
        }
        for section, entries in changes.items():
            content.setdefault(section, {}).update(entries)
        (root / "catalog.yaml").write_text(yaml.safe_dump(content))
        return load(root / "catalog.yaml")

    return make


def needs_root() -> pytest.MarkDecorator:
    return pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small filesystem, which takes root")
