"""Items of the catalog: what each depends on, in which order they are made, and the key of each in the cache.

A key is a hash over everything that determines the item, so an item is made again exactly when that changes.
"""

import functools
import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.entries import DebianLayer, FilesLayer, ProgramLayer, PythonLayer
from catalog.errors import CatalogError
from catalog.schema import Catalog
from catalog.supply import Supply

KINDS = ("tools", "debian", "binaries", "charts", "manifests", "images")
"""Sections of catalog.yaml, in the order in which they are made."""
OBJECTS = "objects.jsonl"
"""What a manifest is kept as: a JSON document a line, since every run reads it, and YAML takes far longer."""

RECIPE = "1"
"""Raised when the code that makes items changes what it makes of the same lock."""

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, order=True)
class Item:
    """One entry of one section of the catalog; written `kind/name`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def architecture() -> str:
    """This machine's architecture, in Go's words."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise CatalogError(f"no items for the architecture {machine}; use a machine with {' or '.join(ARCHITECTURES)}")
    return ARCHITECTURES[machine]


@functools.cache
def go_version() -> str:
    """The Go toolchain's version, such as go1.26.8; CatalogError when there is no Go."""
    try:
        done = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CatalogError(
            "supply `source` builds with Go, and `go` does not run here; install Go 1.26 or newer, "
            "or choose `pulumi config set supply upstream`"
        ) from error
    return done.stdout.strip()


def all_items(catalog: Catalog) -> list[Item]:
    """Every item, in the order of the catalog."""
    return [Item(kind, name) for kind in KINDS for name in getattr(catalog, kind)]


def select(catalog: Catalog, names: Iterable[str] | None) -> list[Item]:
    """The items that `names` mean: `kind/name`, a name (in every kind that has it), or a program; None means all."""
    everything = all_items(catalog)
    if names is None:
        return everything
    chosen: dict[Item, None] = {}
    for name in names:
        found = [item for item in everything if name in (str(item), item.name)]
        found += [Item("binaries", entry) for entry, binaries in catalog.binaries.items() if name in binaries.programs]
        if not found:
            raise CatalogError(f"{name}: no such item in catalog.yaml; `cairn catalog list` names them all")
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def is_fetched(catalog: Catalog, item: Item, supply: Supply) -> bool:
    """Whether the item comes whole from its project, and is not made here."""
    ours = item.kind in ("tools", "debian") or (item.kind == "images" and catalog.images[item.name].own)
    return supply is Supply.UPSTREAM and not ours


def space_mib(catalog: Catalog, item: Item, supply: Supply) -> int:
    """Disk that making or fetching the item takes at its peak, in MiB."""
    if item.kind == "binaries" and is_fetched(catalog, item, supply):
        return catalog.binaries[item.name].download_mib
    return int(getattr(getattr(catalog, item.kind)[item.name], "space_mib", 100))


def dependencies(catalog: Catalog, item: Item, supply: Supply) -> list[Item]:
    """What must be there before `item` can be made."""
    builders = [Item("binaries", name) for name in catalog.builders]
    match item.kind:
        case "debian":
            base = catalog.debian[item.name].base
            return [Item("tools", "mmdebstrap"), *([Item("debian", base)] if base else [])]
        case "images" if is_fetched(catalog, item, supply):
            return builders
        case "images":
            return [*builders, *_parts(catalog, item.name)]
        case "charts" if supply is Supply.UPSTREAM:
            return [Item("binaries", "helm")]
        case "charts":
            return [Item("binaries", catalog.charts[item.name].binaries)]
        case "manifests":
            return [Item("binaries", "kubernetes")]
    return []


def _parts(catalog: Catalog, image: str) -> list[Item]:
    parts: dict[Item, None] = {}
    for layer in catalog.images[image].layers:
        if isinstance(layer, ProgramLayer):
            parts[Item("binaries", catalog.binaries_of(layer.program))] = None
        elif isinstance(layer, DebianLayer):
            parts[Item("debian", layer.debian)] = None
    return list(parts)


def order(catalog: Catalog, chosen: Iterable[Item], supply: Supply) -> list[Item]:
    """`chosen` and all that they depend on, each after what it depends on and as early as that allows."""
    needed: dict[Item, None] = {}

    def need(item: Item) -> None:
        if item not in needed:
            needed[item] = None
            for dependency in dependencies(catalog, item, supply):
                need(dependency)

    for item in chosen:
        need(item)
    everything = all_items(catalog)

    def place(item: Item) -> tuple[int, int, int]:
        kind, position = KINDS.index(item.kind), everything.index(item)
        if item.kind in ("tools", "debian", "binaries"):
            return 0, kind, position
        return 1, max(everything.index(dependency) for dependency in dependencies(catalog, item, supply)), position

    return sorted(needed, key=place)


def without(catalog: Catalog, left_out: Iterable[str]) -> list[str]:
    """What is wanted for its own sake, as `kind/name`, but these: parts come in as a supply asks for them (`order`)."""
    off = set(left_out)
    return [str(item) for item in all_items(catalog) if str(item) not in off and not _is_part(catalog, item)]


def _is_part(catalog: Catalog, item: Item) -> bool:
    """Whether only images are made of it: layers, and programs that upstream has in its images alone."""
    match item.kind:
        case "debian":
            return catalog.debian[item.name].keep == "layer"
        case "binaries":
            return not any(program.upstream for program in catalog.binaries[item.name].programs.values())
    return False


def key(catalog: Catalog, item: Item, supply: Supply) -> str:
    """The item's name in the cache: twenty hex digits of a hash over all that determines it."""
    form = {"form": OBJECTS} if item.kind == "manifests" else {}
    facts = {"recipe": RECIPE, "item": str(item), "arch": architecture(), **form, **_facts(catalog, item, supply)}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


def _facts(catalog: Catalog, item: Item, supply: Supply) -> Mapping[str, object]:
    entry = getattr(catalog, item.kind)[item.name]
    # Upstream's address and digest say nothing of what is made here.
    upstreams = set() if is_fetched(catalog, item, supply) else {"digest", "upstream"}
    described: dict[str, object] = entry.model_dump(mode="json", exclude={"space_mib", "download_mib", *upstreams})
    # Tools and Debian systems are Debian's under either supply.
    if item.kind == "tools":
        return described
    if item.kind == "debian":
        base = {"lies_on": key(catalog, Item("debian", entry.base), supply)} if entry.base else {}
        return {**described, **base}
    if is_fetched(catalog, item, supply):
        shown = {"reference": catalog.image(item.name)} if item.kind == "images" else {}
        return {"supply": supply, **described, **shown}
    match item.kind:
        case "binaries":
            folder = catalog.root / "go" / item.name
            ours: dict[str, object] = {"embeds": list(entry.embeds)} if entry.embeds else {}
            locked = ("go.mod", "go.sum", *(["main.go"] if ours else []))
            locks = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in locked}
            built = {"programs": {name: [p.package, p.output] for name, p in entry.programs.items()}}
            return {"go": go_version(), **locks, **ours, **built, "stamps": entry.stamps, "version": entry.version}
        case "images":
            requirements = {
                layer.requirements: hashlib.sha256(
                    (catalog.root / "images" / layer.requirements / "requirements.txt").read_bytes()
                ).hexdigest()
                for layer in entry.layers
                if isinstance(layer, PythonLayer)
            }
            parts = {str(part): key(catalog, part, supply) for part in _parts(catalog, item.name)}
            reference = {"reference": catalog.image(item.name), "licence": catalog.image_licence(item.name)}
            own = {
                name: hashlib.sha256(path.read_bytes()).hexdigest()
                for layer in entry.layers
                if isinstance(layer, FilesLayer)
                for name, path in files_of(catalog, layer).items()
            }
            files = {"files": own} if own else {}
            return {**described, **reference, "requirements": requirements, "parts": parts, **files}
        case _:
            # Charts and manifests are files of a module, which its version names.
            return {**described, "module": catalog.binaries[entry.binaries].version}


def files_of(catalog: Catalog, layer: FilesLayer) -> dict[str, Path]:
    """Our own files that make up a layer, by their paths in it."""
    folder = catalog.root / "images" / layer.files / "files"
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.py"))}
