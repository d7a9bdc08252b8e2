"""Puts images together without a container engine and pushes them to the store under their upstream names.

Layers are kept uncompressed: nodes unpack them on the same machine, where time is dearer than disk.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from catalog import layers, registry, sbom, wheels
from catalog.cache import directory, record, remove
from catalog.entries import ANY, DebianLayer, FilesLayer, Image, ProgramLayer
from catalog.errors import CatalogError
from catalog.items import Item, architecture, files_of, key
from catalog.processes import run
from catalog.schema import Catalog
from catalog.supply import Supply

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CREATED = "1970-01-01T00:00:00Z"
"""No time of building, so that an image built twice is the same image."""


@dataclass
class _Parts:
    """What the layers of an image add up to."""

    tars: list[Path] = field(default_factory=list)
    components: list[sbom.Component] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": SEARCH_PATH})


def _entry(catalog: Catalog, kind: str, name: str) -> Path:
    # Only supply `source` has images with programs, and Debian's layers are the same under both.
    item = Item(kind, name)
    return directory(item, key(catalog, item, Supply.SOURCE))


def _collect(catalog: Catalog, image: Image, tmp: Path) -> _Parts:
    parts = _Parts()
    for number, layer in enumerate(image.layers):
        target = tmp / f"layer-{number}.tar"
        if isinstance(layer, ProgramLayer):
            binary = _entry(catalog, "binaries", catalog.binaries_of(layer.program)) / "bin" / layer.program
            layers.write(target, [layers.Member(layer.path, 0o755, binary)])
            parts.components += sbom.from_go(run(["go", "version", "-m", binary]))
        elif isinstance(layer, DebianLayer):
            debian = _entry(catalog, "debian", layer.debian)
            if layer.file:
                content = layers.extract_file(debian / "layer.tar", layer.file)
                layers.write(target, [layers.Member(layer.path, 0o755, content=content)])
            else:
                target = debian / "layer.tar"
            parts.components += sbom.from_dpkg((debian / "packages.txt").read_text())
        elif isinstance(layer, FilesLayer):
            files = files_of(catalog, layer)
            layers.write(target, [layers.Member(f"{wheels.HOME}/{name}", 0o644, files[name]) for name in files])
        else:
            requirements = catalog.root / "images" / layer.requirements / "requirements.txt"
            wheels.install(requirements, tmp / "python", tmp)
            if layer.file:
                layers.write(target, [layers.Member(layer.path, 0o755, tmp / "python" / layer.file)])
            else:
                layers.write(target, layers.tree(tmp / "python", wheels.HOME))
                parts.environment |= {"PATH": f"/{wheels.HOME}/bin:{SEARCH_PATH}", "PYTHONPATH": f"/{wheels.HOME}"}
            remove(tmp / "python")
            parts.components += sbom.from_requirements(requirements.read_text())
        parts.tars.append(target)
    return parts


def build(catalog: Catalog, name: str, supply: Supply, out: Path, tmp: Path) -> str:
    """Makes image `name`, leaves its SBOM in `out`, pushes it, and returns its digest."""
    image, version, licence = catalog.images[name], catalog.image_version(name), catalog.image_licence(name)
    parts = _collect(catalog, image, tmp)
    bill = json.dumps(sbom.document(catalog.image(name), version, licence, parts.components), indent=1).encode()
    (out / "sbom.cdx.json").write_bytes(bill)
    own = tmp / "own.tar"
    writable = [layers.Member(path, 0o1777) for path in image.directories]
    layers.write(own, [*writable, layers.Member(f"{sbom.PATH}/{name}.cdx.json", 0o644, content=bill)])
    labels = {
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": licence,
        "org.opencontainers.image.source": catalog.image_source(name),
        "io.cairn.sbom": f"/{sbom.PATH}/{name}.cdx.json",
    }
    settings = {
        "User": image.user,
        "Env": [f"{name}={value}" for name, value in {**parts.environment, **image.environment}.items()],
        "Entrypoint": list(image.entrypoint),
        "Cmd": list(image.command),
        "WorkingDir": "/",
        "StopSignal": image.stop_signal,
        "Labels": labels,
    }
    layout = tmp / "layout"
    digests = write_layout(layout, [*parts.tars, own], {key: value for key, value in settings.items() if value})
    push(catalog, supply, layout, catalog.image(name), digests, tmp)
    return digests[0]


def write_layout(layout: Path, tars: list[Path], settings: dict[str, object]) -> list[str]:
    """Writes an OCI image layout over `tars`; the digests of manifest, configuration and layers, in this order."""
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    described: list[dict[str, object]] = []
    for tar in tars:
        digest = record(tar).sha256
        if not (blobs / digest).exists():
            (blobs / digest).hardlink_to(tar)
        described.append(_descriptor("application/vnd.oci.image.layer.v1.tar", digest, tar.stat().st_size))

    def put(media_type: str, content: object) -> dict[str, object]:
        data = json.dumps(content, separators=(",", ":")).encode()
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return _descriptor(media_type, digest, len(data))

    configuration = put(
        "application/vnd.oci.image.config.v1+json",
        {
            "created": CREATED,
            "architecture": architecture(),
            "os": "linux",
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in described]},
        },
    )
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = put(
        media_type, {"schemaVersion": 2, "mediaType": media_type, "config": configuration, "layers": described}
    )
    (layout / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    return [str(part["digest"]) for part in (manifest, configuration, *described)]


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, object]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def push(catalog: Catalog, supply: Supply, layout: Path, reference: str, digests: list[str], tmp: Path) -> None:
    """Pushes a layout to the store under `reference`."""
    crane, server = (_builder(catalog, name, supply) for name in catalog.builders)
    registry.discard_broken(digests[0], digests)
    registry.discard_uploads(reference)
    with registry.serving(server, tmp) as address:
        run([crane, "push", layout, f"{address}/{reference}"], changes={"DOCKER_CONFIG": str(tmp), "TMPDIR": str(tmp)})


def origin(catalog: Catalog, name: str) -> str:
    """What is copied from upstream here: the image of the digest, where one is known, else whatever the tag names."""
    published = catalog.published(name)
    arch = architecture() if architecture() in published else ANY
    if arch not in published:
        raise CatalogError(f"images/{name}: upstream has none for {architecture()}; `pulumi config set supply source`")
    reference, digest = published[arch]
    return f"{reference.rpartition(':')[0]}@{digest}" if digest else reference


def copy(catalog: Catalog, name: str, tmp: Path) -> str:
    """Copies image `name` from upstream into the store (this machine's architecture only); its digest.

    Raises CatalogError when what came is for another architecture: of a reference that names one image alone,
    crane takes that one whatever it is asked for. The store then has under the name what it had before.
    """
    reference, source = catalog.image(name), origin(catalog, name)
    crane, server = (_builder(catalog, builder, Supply.UPSTREAM) for builder in catalog.builders)
    registry.discard_uploads(reference)
    before = registry.tagged(reference)
    with registry.serving(server, tmp) as address:
        # crane's own defaults for docker.io names hold here too: library/ and the registry's host are filled in.
        run(
            [crane, "copy", "--platform", f"linux/{architecture()}", source, f"{address}/{reference}"],
            changes={"TMPDIR": str(tmp)},
        )
    digest = registry.tagged(reference)
    if (found := _architecture_of(digest)) != architecture():
        registry.point(reference, before)
        raise CatalogError(f"images/{name}: {source} is for {found}, not for {architecture()}; not used")
    return digest


def _architecture_of(digest: str) -> str:
    manifest = json.loads(registry.blob(digest).read_text())
    return str(json.loads(registry.blob(manifest["config"]["digest"]).read_text()).get("architecture"))


def _builder(catalog: Catalog, name: str, supply: Supply) -> Path:
    entry = catalog.binaries_of(name)
    return directory(Item("binaries", entry), key(catalog, Item("binaries", entry), supply)) / "bin" / name
