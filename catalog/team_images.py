"""Images that teams bring: put into the store that nodes pull from, beside the catalog's own.

An archive is what any tool writes: `docker save`, `podman save`, `buildah push oci-archive:`, kaniko, ko, `crane pull`.
It becomes REGISTRY/ENVIRONMENT/TEAM/NAME:TAG. REGISTRY is the host of the catalog's own images, which each node knows
already; so neither nodes nor supply make a difference.
"""

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from catalog import cache, registry
from catalog.build import binary
from catalog.directories import cache_root
from catalog.errors import CatalogError
from catalog.items import architecture
from catalog.processes import run

REGISTRY = "images.cairn.test"
NAME = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*:[\w][\w.-]{0,127}")
"""NAME:TAG as the distribution specification has both."""


@dataclass(frozen=True)
class TeamImage:
    """One image of a team's; `digest` names its bytes."""

    environment: str
    team: str
    reference: str
    digest: str


def put(archive: Path, environment: str, team: str, name: str, owner: Path) -> TeamImage:
    """Put the image in `archive`, a file or an OCI layout's directory, there as NAME:TAG of the team.

    It stays for as long as `owner`, the environment's directory, does. Raises CatalogError for a name that is none, a
    file that holds no image, and an image for another architecture.
    """
    if not NAME.fullmatch(name):
        raise CatalogError(f"{name!r} is not NAME:TAG in lower-case letters, such as trainer:1")
    reference = f"{REGISTRY}/{environment}/{team}/{name}"
    (cache_root() / "tmp").mkdir(parents=True, exist_ok=True)
    with cache.in_use(), cache.locked(f"team-images-{team}"), TemporaryDirectory(dir=cache_root() / "tmp") as work:
        source = _unpacked(archive, Path(work))
        found, wanted = _architecture(source), architecture()
        if found != wanted:
            raise CatalogError(f"{archive} is for {found}, and the nodes are {wanted}; build it for linux/{wanted}")
        registry.discard_uploads(reference)
        with registry.serving(binary("registry"), Path(work)) as address:
            target = f"{address}/{reference}"
            run([binary("crane"), "push", source, target], changes={"DOCKER_CONFIG": work, "TMPDIR": work})
        _note(owner, reference)
    return TeamImage(environment, team, reference, registry.tagged(reference))


def images() -> list[TeamImage]:
    """Every team's images in the store, by reference."""
    return [
        TeamImage(environment, team, reference, digest)
        for reference in _references()
        if (digest := registry.tagged(reference))
        for _, environment, team in [reference.split("/")[:3]]
    ]


def blobs() -> Iterator[str]:
    """What `prune` must leave: the blobs of teams' images, as paths from the cache's root."""
    for image in images():
        yield from registry.blobs_of(image.digest)


def _unpacked(archive: Path, work: Path) -> Path:
    """A layout's directory, or the archive itself where it is Docker's."""
    if archive.is_dir():
        return archive
    try:
        with tarfile.open(archive) as tar:
            names = {name.removeprefix("./") for name in tar.getnames()}
            if "manifest.json" in names:
                return archive
            if "oci-layout" in names:
                tar.extractall(work / "layout", filter="data")
                return work / "layout"
    except (OSError, tarfile.TarError) as error:
        raise CatalogError(f"{archive} can't be read as an archive: {error}") from None
    raise CatalogError(f"{archive} holds no image: neither manifest.json (docker save) nor oci-layout is in it")


def _architecture(source: Path) -> str:
    """What the image's configuration says that it runs on."""
    try:
        return str((_layout_config(source) if source.is_dir() else _docker_config(source))["architecture"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        raise CatalogError(f"{source} holds no single image that can be read") from None


def _layout_config(layout: Path) -> Any:
    def blob(digest: str) -> Any:
        return json.loads((layout / "blobs" / digest.replace(":", "/")).read_text())

    [image] = json.loads((layout / "index.json").read_text())["manifests"]
    return blob(blob(image["digest"])["config"]["digest"])


def _docker_config(archive: Path) -> Any:
    with tarfile.open(archive) as tar:

        def read(name: str) -> Any:
            found = tar.extractfile(name)
            return json.load(found) if found else None

        [image] = read("manifest.json")
        return read(image["Config"])


def _note(owner: Path, reference: str) -> None:
    """Write down whose the image is, as `prune` reads it."""
    file = cache_root() / "uses" / f"{sha256(str(owner).encode()).hexdigest()[:12]}-images.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(file.read_text())["references"] if file.exists() else []
    content = {"owner": str(owner), "entries": [], "references": sorted({*known, reference})}
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(content))
    fresh.replace(file)


def _references() -> list[str]:
    """The references of environments that still exist."""
    notes = [json.loads(file.read_text()) for file in (cache_root() / "uses").glob("*-images.json")]
    return sorted({each for note in notes if Path(note["owner"]).exists() for each in note["references"]})
