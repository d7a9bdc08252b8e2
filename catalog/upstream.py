"""Supply `upstream`: binaries, charts and manifests from their projects' own release pages and registries."""

import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.cache import record
from catalog.charts import copy_chart, render_manifest
from catalog.entries import ANY, Download, HelmUpstream
from catalog.errors import CatalogError
from catalog.items import ARCHITECTURES, architecture
from catalog.processes import run
from catalog.schema import Catalog

TIMEOUT_SECONDS = 60.0
"""Longest silence of a server within a download."""


def architectures(download: Download) -> tuple[str, ...]:
    """The architectures that upstream has different files for."""
    return tuple(ARCHITECTURES.values()) if "{arch}" in download.url else (ANY,)


def fill(text: str, download: Download, version: str, arch: str = "") -> str:
    """`text` with version, number and architecture (this machine's, unless one is named) filled in."""
    arch = arch or architecture()
    return text.format(version=version, number=version.removeprefix("v"), arch=download.arch_names.get(arch, arch))


def fetch(download: Download, version: str, folder: Path, arch: str = "") -> Path:
    """Downloads what `download` names into `folder`, once per address, and checks its sha256 where one is known."""
    import httpx  # most commands fetch nothing

    arch = arch or (architecture() if "{arch}" in download.url else ANY)
    url, wanted = fill(download.url, download, version, arch), download.sha256.get(arch)
    target = folder / f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{url.rpartition('/')[2]}"
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.partial")
    digest = hashlib.sha256()
    try:
        with (
            httpx.stream("GET", url, follow_redirects=True, timeout=TIMEOUT_SECONDS) as answer,
            partial.open("wb") as file,
        ):
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                digest.update(piece)
                file.write(piece)
    except httpx.HTTPStatusError as error:
        raise CatalogError(f"{url}: HTTP {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise CatalogError(
            f"{url}: {error or type(error).__name__}; if this machine can't reach it, `pulumi config set supply source`"
        ) from error
    found = tree_sha256(partial) if download.generated and wanted else digest.hexdigest()
    if wanted and found != wanted:
        raise CatalogError(f"{url}: sha256 is {found}, catalog.yaml says {wanted}; not used")
    return partial.rename(target)


def tree_sha256(archive: Path) -> str:
    """SHA-256 over what an archive unpacks to: each file's path, whether it can be run, and its content; and links.

    Neither compression nor times nor order count, which differ between two archives made of one tag.
    """
    lines = []
    with _opened(archive) as tar:
        for member in tar:
            if member.issym() or member.islnk():
                lines.append(f"link {member.name} {member.linkname}")
            elif stream := tar.extractfile(member):
                content = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
                lines.append(f"{'program' if member.mode & 0o100 else 'file'} {member.name} {content}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    """An archive that came; CatalogError where it is none, or broken, which may show only while it is read."""
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise CatalogError(f"{archive.name} can't be unpacked: {error}; not used") from error


def download_binaries(catalog: Catalog, name: str, out: Path, tmp: Path) -> None:
    """Fetches the programs of a binaries entry that upstream publishes into `out`/bin."""
    entry = catalog.binaries[name]
    (out / "bin").mkdir()
    for program, details in entry.programs.items():
        if details.upstream is None:
            continue
        fetched = fetch(details.upstream, entry.version, tmp)
        targets = {details.upstream.member: out / "bin" / program}
        targets |= {member: out / "bin" / Path(member).name for member in details.upstream.beside}
        for member, target in targets.items():
            if member:
                _unpack(fetched, fill(member, details.upstream, entry.version), target)
            else:
                shutil.copyfile(fetched, target)
            target.chmod(0o755)


def _unpack(fetched: Path, member: str, target: Path) -> None:
    with _opened(fetched) as archive, target.open("wb") as file:
        shutil.copyfileobj(_member(archive, member, fetched), file)


def _member(archive: tarfile.TarFile, name: str, fetched: Path) -> "tarfile.ExFileObject":
    try:
        stream = archive.extractfile(name)
    except KeyError:
        stream = None
    if not isinstance(stream, tarfile.ExFileObject):
        raise CatalogError(f"{fetched.name} has no file {name}; correct `member` in catalog.yaml")
    return stream


def _unpacked(download: Download, version: str, tmp: Path) -> Path:
    """Downloads and unpacks an archive; the path of the directory that `member` names in it."""
    folder = tmp / "unpacked"
    with _opened(fetch(download, version, tmp)) as archive:
        archive.extractall(folder, filter="data")
    return folder / fill(download.member, download, version)


def pull_chart(catalog: Catalog, name: str, helm: Path, out: Path, tmp: Path) -> None:
    """Gets chart `name` from its repository or release page into `out`/chart."""
    chart = catalog.charts[name]
    if isinstance(chart.upstream, Download):
        source = _unpacked(chart.upstream, catalog.binaries[chart.binaries].version, tmp)
    else:
        pulled = pull_archive(chart.upstream, chart.version, helm, tmp)
        if chart.upstream.sha256 and record(pulled).sha256 != chart.upstream.sha256:
            found = f"sha256 is {record(pulled).sha256}, catalog.yaml says {chart.upstream.sha256}"
            raise CatalogError(f"{chart.upstream.chart} {chart.version}: {found}; not used")
        with _opened(pulled) as archive:
            archive.extractall(tmp / "unpacked", filter="data")
        source = tmp / "unpacked" / chart.upstream.chart.rpartition("/")[2]
    copy_chart(name, chart, source, out / "chart")


def pull_archive(upstream: HelmUpstream, version: str, helm: Path, tmp: Path) -> Path:
    """Downloads a chart's archive from its repository into a directory below `tmp` that holds nothing else."""
    folder = tmp / "pulled"
    folder.mkdir()
    repository = ["--repo", upstream.repository] if upstream.repository else []
    home = {name: str(tmp / "helm") for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    run([helm, "pull", upstream.chart, *repository, "--version", version, "--destination", folder], changes=home)
    (archive,) = folder.iterdir()
    return archive


def download_manifest(catalog: Catalog, name: str, kubectl: Path, out: Path, tmp: Path) -> None:
    """Renders manifest `name` from its project's release archive."""
    manifest = catalog.manifests[name]
    source = _unpacked(manifest.upstream, catalog.binaries[manifest.binaries].version, tmp)
    render_manifest(kubectl, source, out)
