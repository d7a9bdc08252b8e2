"""The OCI registry that holds every image: distribution's registry over one directory of the cache.

While items are built it runs on a loopback port for as long as one push takes; at run time the hosts' code serves
the same directory, read-only, to the nodes. An image lies under its upstream name: registry.k8s.io/pause:3.10.2 is
pushed to 127.0.0.1:PORT/registry.k8s.io/pause:3.10.2.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

from catalog.cache import FileRecord, record, remove
from catalog.directories import cache_root
from catalog.errors import CatalogError

LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")


def store() -> Path:
    """The directory that the registry serves."""
    return cache_root() / "registry"


def configuration(address: str, *, read_only: bool, root: Path | None = None) -> str:
    """The registry's config.yml for serving `root` (the store, unless told) over HTTP at `address` (host:port)."""
    return yaml.safe_dump(
        {
            "version": 0.1,
            "log": {"level": "info", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(root or store())},
                "maintenance": {"uploadpurging": {"enabled": False}, "readonly": {"enabled": read_only}},
            },
            # Clients name the host themselves, so that the registry can be reached under several.
            "http": {"addr": address, "relativeurls": True},
        },
        sort_keys=False,
    )


@contextmanager
def serving(binary: Path, tmp: Path, *, read_only: bool = False, root: Path | None = None) -> Iterator[str]:
    """Runs the registry on a free loopback port while the block runs; gives its address as host:port.

    A failure inside the block gets the registry's own words added, since clients see only `500`.
    """
    tmp.mkdir(parents=True, exist_ok=True)
    (root or store()).mkdir(parents=True, exist_ok=True)
    config, log = tmp / "registry.yml", tmp / "registry.log"
    config.write_text(configuration("127.0.0.1:0", read_only=read_only, root=root))
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*guard, str(binary), "serve", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "OTEL_TRACES_EXPORTER": "none"},
        )
    try:
        yield _address(process, log)
    except CatalogError as error:
        said = [line for line in log.read_text(errors="replace").splitlines() if "level=error" in line]
        raise CatalogError("\n  ".join([str(error), *said[-3:]])) from error
    finally:
        process.terminate()
        process.wait()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Waits until the registry says where it listens, or dies (its log tells why)."""
    while True:
        text = log.read_text(errors="replace")
        if found := LISTENING.search(text):
            return found[1]
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue
        raise CatalogError(f"the registry did not start:\n  {text.strip()}")


def _repository(reference: str) -> tuple[Path, str]:
    name, _, tag = reference.rpartition(":")
    return store() / "docker/registry/v2/repositories" / name / "_manifests", tag


def blob(digest: str) -> Path:
    """The file of a blob, whether it is there or not."""
    algorithm, _, digits = digest.partition(":")
    return store() / "docker/registry/v2/blobs" / algorithm / digits[:2] / digits / "data"


def tagged(reference: str) -> str:
    """The digest that the store has under `reference`; empty when it has none."""
    manifests, tag = _repository(reference)
    try:
        return (manifests / "tags" / tag / "current/link").read_text().strip()
    except OSError:
        return ""


def point(reference: str, digest: str) -> None:
    """Makes `reference` name a manifest that its repository has already (another lock's image had the name).

    With an empty digest it names none any more.
    """
    manifests, tag = _repository(reference)
    if not digest:
        remove(manifests / "tags" / tag)
        return
    for link in (
        manifests / "tags" / tag / "index" / digest.replace(":", "/") / "link",
        manifests / "tags" / tag / "current/link",
    ):
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh = link.with_suffix(f".{os.getpid()}")
        fresh.write_text(digest)
        fresh.replace(link)


def parts(digest: str) -> list[Path]:
    """The blobs of the image whose manifest has that digest: the manifest, its configuration, its layers in order."""
    manifest = json.loads(blob(digest).read_text())
    return [blob(name) for name in (digest, *(part["digest"] for part in (manifest["config"], *manifest["layers"])))]


def blobs_of(digest: str) -> dict[str, FileRecord]:
    """Records of the manifest's own blob and of all that it names, by path from the cache's root."""
    return {str(path.relative_to(cache_root())): record(path) for path in parts(digest)}


def discard_broken(manifest: str, digests: list[str]) -> None:
    """Makes the next push of an image send what the store has not, or not whole.

    A push skips blobs that seem to be there, and everything when the manifest is.
    """
    for digest in digests:
        path = blob(digest)
        if not path.exists() or f"sha256:{record(path).sha256}" != digest:
            path.unlink(missing_ok=True)
            blob(manifest).unlink(missing_ok=True)


def discard_uploads(reference: str) -> None:
    """Deletes what a killed push left half sent; the caller holds the lock of the image's item."""
    manifests, _ = _repository(reference)
    remove(manifests.parent / "_uploads")


def sweep(kept: set[str], *, only_look: bool = False) -> int:
    """Deletes the blobs that `kept` (paths from the cache's root) lacks, and what links to them; bytes gained.

    A registry that serves the store goes on: it remembers nothing of what lies there.
    """
    gained = 0
    for data in (store() / "docker/registry/v2/blobs").glob("*/*/*/data"):
        if str(data.relative_to(cache_root())) not in kept:
            gained += data.stat().st_size
            if not only_look:
                remove(data.parent)
    repositories = store() / "docker/registry/v2/repositories"
    for link in [] if only_look else list(repositories.rglob("link")):
        if not blob(link.read_text().strip()).exists():
            link.unlink()
            for parent in link.relative_to(repositories).parents[:-1]:
                with suppress(OSError):
                    (repositories / parent).rmdir()
    return gained
