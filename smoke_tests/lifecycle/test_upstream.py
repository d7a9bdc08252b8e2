"""Supply `upstream` against servers on this machine that lay out what `source` built as upstream does.

The test runs itself in a network and a mount namespace of its own, where upstream's names lead to loopback.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from catalog import digests, places, registry
from catalog.build import provide
from catalog.directories import REPOSITORY, cache_root
from catalog.errors import CatalogError
from catalog.items import all_items, architecture
from catalog.schema import ANY, HERE, Catalog, Download, load
from catalog.supply import Supply
from catalog.upstream import fill
from installer.authority import new_authority, sign
from smoke_tests.lifecycle import upstream_site as site

PROGRAMS = ["crane", "registry", "kubernetes", "helm", "containerd", "pulumi"]
CHARTS = ["kueue"]
MANIFESTS = ["kuberay"]
IMAGES = ["images/pause", "images/kueue", "images/ray"]

pytestmark = pytest.mark.long


@pytest.fixture
def work() -> Iterator[Path]:
    """A directory on the disk of the cache: what is served are hard links to what lies there."""
    with TemporaryDirectory(dir=cache_root(), prefix="rehearsal-") as folder:
        yield Path(folder)


def test_upstream_is_rehearsed_in_namespaces_of_its_own(work: Path) -> None:
    (work / "hosts").write_text("127.0.0.1 localhost " + " ".join(site.hosts(load())) + "\n")
    script = f'ip link set lo up; mount --bind {work}/hosts /etc/hosts; exec "$@"'
    authority = new_authority("rehearsal")
    (work / "ca.pem").write_text(authority.certificate)
    pair = sign(authority, ["localhost", *site.hosts(load())])
    (work / "server.pem").write_text(pair.certificate + pair.private_key)
    command = [sys.executable, "-m", "smoke_tests.lifecycle.test_upstream", str(work)]
    done = subprocess.run(
        ["unshare", "--net", "--mount", "bash", "-c", script, "bash", *command],
        cwd=REPOSITORY,
        env=os.environ | {"SSL_CERT_FILE": str(work / "ca.pem")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rehearse(work: Path) -> None:
    """What happens inside: lay out, serve, resolve, fetch, and spoil."""
    lock, root = load(), work / "site"
    site.lay_out_programs(lock, PROGRAMS, root)
    provide([*PROGRAMS, *IMAGES], Supply.SOURCE)
    helm, server = places.binary("helm", Supply.SOURCE), places.binary("registry", Supply.SOURCE)
    for name in MANIFESTS:
        manifest = lock.manifests[name]
        site.lay_out_tree(lock, manifest.upstream, manifest.binaries, manifest.path, root, _empty(work / "tmp"))
    store = work / "store"
    subprocess.run(["cp", "-al", registry.store(), store], check=True)
    with registry.serving(server, work / "run", root=store) as address:
        for name in CHARTS:
            site.lay_out_chart(lock, name, helm, root, _empty(work / "tmp"), address)
        with site.served(lock, root, work / "server.pem", address):
            fetch_all(work, root)


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def fetch_all(work: Path, root: Path) -> None:
    """As somebody whose cache is empty and whose lock has no digests."""
    clients = digests.Clients(places.binary("crane", Supply.SOURCE), places.binary("helm", Supply.SOURCE))
    os.environ["XDG_CACHE_HOME"] = str(work / "cache")
    shutil.copytree(HERE, work / "catalog", ignore=shutil.ignore_patterns("__pycache__"))
    lock = load(work / "catalog/catalog.yaml")
    wanted = [f"binaries/{name}" for name in PROGRAMS] + [f"manifests/{name}" for name in MANIFESTS]
    wanted += [f"charts/{name}" for name in CHARTS] + IMAGES
    items = [item for item in all_items(lock) if str(item) in wanted]
    for finding in digests.resolve(lock, items, clients, lambda _: None):
        # The other architecture's programs were not built.
        other = finding.architecture not in ("", ANY, architecture())
        assert finding.outcome == ("unanswered" if other else "resolved"), finding
    lock = load(work / "catalog/catalog.yaml")
    provide(wanted, Supply.UPSTREAM, catalog=lock)
    for name in IMAGES:
        assert registry.tagged(lock.image(name.partition("/")[2]))
    refused(lock, root)


def refused(lock: Catalog, root: Path) -> None:
    """One byte of a release changes, and it isn't used."""
    upstream = lock.binaries["crane"].programs["crane"].upstream
    assert isinstance(upstream, Download)
    file = root / fill(upstream.url, upstream, lock.version("crane")).partition("://")[2]
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"]) / "cairn/items/binaries/crane")
    with pytest.raises(CatalogError, match=r"catalog\.yaml says .*not used"):
        provide(["binaries/crane"], Supply.UPSTREAM, catalog=lock)


if __name__ == "__main__":
    rehearse(Path(sys.argv[1]))
