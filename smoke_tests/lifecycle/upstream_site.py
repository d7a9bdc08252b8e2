"""Upstream on this machine: what supply `source` built, served under upstream's names as upstream lays it out.

Everything follows from the catalog. Release pages and chart repositories are files by host and path; a registry's
host is a view of the catalog's own store. One server speaks for all hosts on 127.0.0.1:443, in a network namespace
where their names lead there, with certificates of an authority of its own.
"""

import http.server
import shutil
import ssl
import subprocess
import tarfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from catalog import places
from catalog.charts import copy_chart
from catalog.golang import module_directory
from catalog.items import architecture
from catalog.schema import ANY, Catalog, Download, HelmUpstream
from catalog.supply import API_HOSTS, Supply
from catalog.upstream import fill


def hosts(catalog: Catalog) -> list[str]:
    """Every name that supply `upstream` asks."""
    urls = [download.url for download, _ in catalog.downloads()] + catalog.chart_repositories()
    registries = [API_HOSTS.get(host, host) for host in catalog.published_registries()]
    return sorted({*registries, *catalog.published_registries(), *(url.split("/")[2] for url in urls)})


def lay_out_programs(catalog: Catalog, names: list[str], root: Path) -> None:
    """Writes the release archives and files of these binaries entries below `root`/HOST, from what was built.

    What an archive carries beside a program (Pulumi's language host) is a file that only says so.
    """
    members: dict[str, dict[str, Path]] = {}
    note = root / "stand-in"
    root.mkdir(parents=True, exist_ok=True)
    note.write_text("#!/bin/sh\necho 'a stand-in of the rehearsal' >&2; exit 1\n")
    for name in names:
        entry = catalog.binaries[name]
        for program, details in entry.programs.items():
            if (upstream := details.upstream) is None:
                continue
            url = fill(upstream.url, upstream, entry.version)
            built = places.binary(program, Supply.SOURCE, catalog)
            inside = members.setdefault(url, {})
            inside[fill(upstream.member, upstream, entry.version)] = built
            inside |= {fill(beside, upstream, entry.version): note for beside in upstream.beside}
    for url, inside in members.items():
        target = _place(root, url)
        if list(inside) == [""]:
            shutil.copyfile(inside[""], target)
            continue
        with tarfile.open(target, "w:gz", compresslevel=1) as archive:
            for member, path in inside.items():
                archive.add(path, member)


def lay_out_tree(catalog: Catalog, download: Download, binaries: str, path: str, root: Path, tmp: Path) -> None:
    """Writes the archive of a tag in which `download.member` is what the module has at `path`."""
    version = catalog.binaries[binaries].version
    module, inside = module_directory(catalog, binaries, tmp), fill(download.member, download, version)
    prefix = inside.removesuffix(path).rstrip("/")
    with tarfile.open(_place(root, fill(download.url, download, version)), "w:gz", compresslevel=1) as archive:
        archive.add(module / Path(path).parts[0], f"{prefix}/{Path(path).parts[0]}")


def lay_out_chart(catalog: Catalog, name: str, helm: Path, root: Path, tmp: Path, store: str) -> None:
    """Packs a chart and puts it where upstream has it: a repository below `root`, or the registry at `store`."""
    chart = catalog.charts[name]
    assert isinstance(chart.upstream, HelmUpstream)
    source = module_directory(catalog, chart.binaries, tmp) / chart.path
    copy_chart(name, chart, source, tmp / name)
    subprocess.run([helm, "package", tmp / name, "-d", tmp / "packed"], check=True, capture_output=True)
    (packed,) = (tmp / "packed").glob(f"{name}-*.tgz")
    if chart.upstream.repository:
        folder = _place(root, f"{chart.upstream.repository}/index.yaml").parent
        shutil.move(packed, folder)
        subprocess.run([helm, "repo", "index", folder], check=True, capture_output=True)
        return
    parent = chart.upstream.chart.removeprefix("oci://").rpartition("/")[0]
    subprocess.run([helm, "push", packed, f"oci://{store}/{parent}", "--plain-http"], check=True, capture_output=True)


def _place(root: Path, url: str) -> Path:
    path = root / url.partition("://")[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def names_in_store(catalog: Catalog) -> dict[str, str]:
    """What upstream calls this architecture's images, by what the store calls them where that differs."""
    references = {
        reference: catalog.image(name)
        for name in catalog.images
        for arch, (reference, _) in catalog.published(name).items()
        if arch in (ANY, architecture())
    }
    return {upstream: ours for upstream, ours in references.items() if upstream != ours}


@contextmanager
def served(catalog: Catalog, root: Path, certificate: Path, store: str) -> Iterator[None]:
    """Answers for all hosts on 127.0.0.1:443: files below `root`, and registries out of the one at `store`."""
    other = names_in_store(catalog)
    aliases = {api: host for host, api in API_HOSTS.items()}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = (self.headers["Host"] or "").partition(":")[0]
            if self.path == "/v2/" or self.path.startswith("/v2/"):
                self._from_store(aliases.get(host, host))
                return
            file = root / host / self.path.lstrip("/")
            if not file.is_file():
                self._answer(404, {"Content-Length": "0"}, None)
                return
            with file.open("rb") as content:
                self._answer(200, {"Content-Length": str(file.stat().st_size)}, content)

        do_HEAD = do_GET  # noqa: N815

        def _from_store(self, host: str) -> None:
            path = self.path.removeprefix("/v2/")
            name, _, tag = path.partition("/manifests/")
            if ours := other.get(f"{host}/{name}:{tag}"):
                name, _, tag = ours.partition("/")[2].rpartition(":")
                path = f"{name}/manifests/{tag}"
            asked = urllib.request.Request(f"http://{store}/v2/{f'{host}/{path}' if path else ''}", method=self.command)
            for header in ("Accept", "Range"):
                for value in self.headers.get_all(header) or []:
                    asked.add_header(header, value)
            try:
                answer: Any = urllib.request.urlopen(asked)
            except HTTPError as error:
                answer = error
            kept = {key: value for key, value in answer.headers.items() if key != "Connection"}
            self._answer(answer.status, kept, answer)

        def _answer(self, status: int, headers: dict[str, str], content: Any) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            if content is not None and self.command == "GET":
                shutil.copyfileobj(content, self.wfile)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
