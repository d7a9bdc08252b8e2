"""What supply `source` built, laid out as upstream lays it out.

Everything follows from the catalog. What release pages, chart repositories and archives of tags have are files below
a root, by host and path; what registries have lies in a store of distribution's registry, by host and name.
"""

import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog import cache, places, registry
from catalog.charts import copy_chart
from catalog.directories import cache_root
from catalog.entries import ANY, Chart, Download, HelmUpstream
from catalog.golang import module_directory
from catalog.items import Item, architecture
from catalog.schema import Catalog
from catalog.supply import API_HOSTS, Supply
from catalog.upstream import fill

SENT_ON = {
    ("github.com", "/releases/download/"): "release-assets.githubusercontent.com",
    ("github.com", "/archive/refs/"): "codeload.github.com",
    ("dl.k8s.io", "/"): "cdn.dl.k8s.io",
}
"""Pages that send on to another host for what they are asked for, by host and a part of the path."""
REPOSITORIES = Path("docker/registry/v2/repositories")
"""Where a store keeps what each repository has."""


def hosts(catalog: Catalog) -> list[str]:
    """Every name that supply `upstream` asks."""
    urls = [download.url for download, _ in catalog.downloads()] + catalog.chart_repositories()
    registries = [API_HOSTS.get(host, host) for host in catalog.published_registries()]
    pages = {url.split("/")[2] for url in urls}
    return sorted({*registries, *catalog.published_registries(), *pages, *SENT_ON.values()})


@dataclass(frozen=True)
class Site:
    """Files below `root`/HOST and a registry's directory, to be filled; `tmp` is on the same disk.

    `stand_ins` are the programs that go into Pulumi's archive in place of its own, which nobody can build here.
    """

    catalog: Catalog
    root: Path
    store: Path
    tmp: Path
    stand_ins: dict[str, Path]

    def lay_out(self, items: Iterable[Item]) -> None:
        """Lays out these items, as far as upstream has them; supply `source` has made them all."""
        wanted = list(items)
        self._programs(item.name for item in wanted if item.kind == "binaries")
        crane, helm, server = (places.binary(name, Supply.SOURCE) for name in ("crane", "helm", "registry"))
        for item in wanted:
            if item.kind == "manifests":
                manifest = self.catalog.manifests[item.name]
                self._tag(manifest.upstream, manifest.binaries, manifest.path)
        for item in wanted:
            if item.kind == "images" and not self.catalog.images[item.name].own:
                self._repository(item.name)
        with registry.serving(server, self.tmp / "registry", root=self.store) as address:
            for item in wanted:
                if item.kind == "images" and not self.catalog.images[item.name].own:
                    self._image(crane, item.name, address)
                if item.kind == "charts":
                    self._chart(helm, item.name, address)

    def _programs(self, names: Iterable[str]) -> None:
        """Writes the archives and files of release pages: an archive for all programs that name it."""
        members: dict[str, dict[str, Path]] = {}
        for name in names:
            entry = self.catalog.binaries[name]
            for program, details in entry.programs.items():
                if (upstream := details.upstream) is None:
                    continue
                inside = members.setdefault(fill(upstream.url, upstream, entry.version), {})
                inside[fill(upstream.member, upstream, entry.version)] = places.binary(program, Supply.SOURCE)
                inside |= {fill(each, upstream, entry.version): self.stand_ins[each] for each in upstream.beside}
        for url, inside in members.items():
            if list(inside) == [""]:
                self._place(url).hardlink_to(inside[""])
                continue
            # In gzip's form and not compressed: it goes no further than this machine, where time is dearer than disk.
            with tarfile.open(self._place(url), "w:gz", compresslevel=0) as archive:
                for member, path in inside.items():
                    archive.add(path, member)

    def _tag(self, download: Download, binaries: str, path: str) -> None:
        """Writes the archive of a tag, in which `download.member` is what the module has at `path`."""
        version = self.catalog.binaries[binaries].version
        module = module_directory(self.catalog, binaries, self.tmp)
        prefix = fill(download.member, download, version).removesuffix(path).rstrip("/")
        with tarfile.open(self._place(fill(download.url, download, version)), "w:gz", compresslevel=1) as archive:
            archive.add(module / Path(path).parts[0], f"{prefix}/{Path(path).parts[0]}")

    def _repository(self, name: str) -> None:
        """Puts an image's repository into the store; its blobs are hard links."""
        made = self.catalog.image(name)
        shutil.copytree(
            registry.store() / REPOSITORIES / made.rpartition(":")[0],
            self.store / REPOSITORIES / made.rpartition(":")[0],
            dirs_exist_ok=True,
        )
        for blob in registry.parts(registry.tagged(made)):
            link = self.store / blob.relative_to(registry.store())
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.hardlink_to(blob)

    def _image(self, crane: Path, name: str, address: str) -> None:
        """Gives an image the name that upstream has for it, as an index where that is for all architectures."""
        published = self.catalog.published(name)
        reference, _ = published[architecture() if architecture() in published else ANY]
        # By its digest, since the name itself is about to change.
        made = f"{address}/{self.catalog.image(name).rpartition(':')[0]}@{registry.tagged(self.catalog.image(name))}"
        if ANY in published:
            _run(crane, "index", "append", "--manifest", made, "--tag", f"{address}/{reference}")
        else:
            _run(crane, "copy", made, f"{address}/{reference}")

    def _chart(self, helm: Path, name: str, address: str) -> None:
        """Packs a chart and puts it where upstream has it: an archive of a tag, a repository, or a registry."""
        chart = self.catalog.charts[name]
        if isinstance(chart.upstream, Download):
            self._tag(chart.upstream, chart.binaries, chart.path)
            return
        with TemporaryDirectory(dir=self.tmp) as folder:
            packed = self._packed(helm, name, chart, Path(folder))
            if not chart.upstream.repository:
                parent = chart.upstream.chart.removeprefix("oci://").rpartition("/")[0]
                _run(helm, "push", packed, f"oci://{address}/{parent}", "--plain-http")
                return
            pages = released_at(chart.upstream, chart.version)
            _run(helm, "repo", "index", packed.parent, "--url", pages)
            shutil.move(packed.parent / "index.yaml", self._place(f"{chart.upstream.repository}/index.yaml"))
            shutil.move(packed, self._place(f"{pages}/{packed.name}"))

    def _packed(self, helm: Path, name: str, chart: Chart, folder: Path) -> Path:
        source = module_directory(self.catalog, chart.binaries, self.tmp) / chart.path
        copy_chart(name, chart, source, folder / name)
        _run(helm, "package", folder / name, "--destination", folder / "packed")
        (packed,) = (folder / "packed").iterdir()
        return packed

    def _place(self, url: str) -> Path:
        path = self.root / url.partition("://")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def released_at(upstream: HelmUpstream, version: str) -> str:
    """Where a repository on GitHub's pages (OWNER.github.io/PROJECT) has its archives: on a release of the project."""
    host, _, project = upstream.repository.removeprefix("https://").partition("/")
    owner = host.removesuffix(".github.io")
    return f"https://github.com/{owner}/{project}/releases/download/{upstream.chart}-helm-chart-{version}"


def link_entry(catalog: Catalog, item: Item, supply: Supply, root: Path) -> None:
    """Puts an item of this machine's cache into the cache at `root` too, as hard links."""
    entry = places.entry(item, supply, catalog)
    target = root / entry.relative_to(cache_root())
    target.parent.mkdir(parents=True, exist_ok=True)
    _run("cp", "-al", entry, target)
    assert (target / cache.RECEIPT).exists()


def spoil(file: Path) -> None:
    """Changes one byte in the middle of a file. It becomes a file of its own: the hard links to it stay whole."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()
    file.write_bytes(content)


def _run(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
