"""Where provided items lie on this machine. Nothing is made here; what isn't there yet is a CatalogError."""

import shutil
from pathlib import Path

from catalog import cache, debian
from catalog.directories import REPOSITORY, charts_root
from catalog.errors import CatalogError
from catalog.items import OBJECTS, Item, key
from catalog.schema import Catalog, load
from catalog.supply import Supply


def entry(item: Item, supply: Supply | None = None, catalog: Catalog | None = None) -> Path:
    """The directory of a provided item. Without a supply any entry will do: the versions are the same."""
    lock = catalog or load()
    if item.name not in getattr(lock, item.kind):
        raise CatalogError(f"{item}: no such item in catalog.yaml; `cairn catalog list` names them all")
    for candidate in (supply,) if supply else tuple(Supply):
        try:
            name = key(lock, item, candidate)
        except CatalogError:
            # No Go here: whatever was built from source can't be named, and isn't needed.
            continue
        if cache.read(item, name):
            return cache.directory(item, name)
    raise CatalogError(f"{item} is not in the cache; run `cairn catalog build {item}`")


def binary(name: str, supply: Supply | None = None, catalog: Catalog | None = None) -> Path:
    """The executable of a program such as kubelet or helm."""
    lock = catalog or load()
    item = Item("binaries", lock.binaries_of(name))
    path = entry(item, supply, lock) / "bin" / name
    if not path.exists():
        raise CatalogError(f"{name}: upstream publishes it in its image only; it is not needed as a file")
    return path


def rootfs(name: str, catalog: Catalog | None = None) -> Path:
    """The directory of a Debian root filesystem, to copy from; never change it."""
    return entry(Item("debian", name), None, catalog) / "root"


def layer(name: str, catalog: Catalog | None = None) -> Path:
    """The tar of a Debian root filesystem that is kept as an image's layer."""
    return entry(Item("debian", name), None, catalog) / "layer.tar"


def tool(name: str, catalog: Catalog | None = None) -> Path:
    """A program that runs on this machine: the machine's own, else the one unpacked from its package."""
    return debian.on_machine(name) or entry(Item("tools", name), None, catalog) / "bin" / name


def manifest(name: str, supply: Supply | None = None, catalog: Catalog | None = None) -> Path:
    """A file with all objects of a rendered kustomization, a JSON document a line."""
    return entry(Item("manifests", name), supply, catalog) / OBJECTS


def chart(name: str, supply: Supply | None = None, catalog: Catalog | None = None) -> Path:
    """Puts an unpacked chart at charts/NAME in this checkout and returns that path, relative to the checkout."""
    source = entry(Item("charts", name), supply, catalog)
    target, mark = charts_root() / name, charts_root() / f".{name}.key"
    with cache.locked(f"checkout-charts-{name}"):
        if not (target.is_dir() and mark.exists() and mark.read_text() == source.name):
            mark.unlink(missing_ok=True)
            fresh = charts_root() / f".{name}.new"
            for leftover in (fresh, target):
                cache.remove(leftover)
            shutil.copytree(source / "chart", fresh)
            fresh.rename(target)
            mark.write_text(source.name)
    return target.relative_to(REPOSITORY)
