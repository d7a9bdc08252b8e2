"""`cairn catalog resolve`, with upstream's servers on loopback."""

import hashlib
import http.server
import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog import digests, registry
from catalog.build import binary, provide
from catalog.cli import catalog_app
from catalog.errors import CatalogError
from catalog.items import Item, all_items, key
from catalog.schema import Catalog, load
from catalog.supply import Supply
from catalog.upstream import fetch, pull_chart

from .conftest import MakeCatalog

FILES = {"hello_amd64": b"for one", "hello_arm64": b"for another"}
NOBODY = "http://127.0.0.1:1/nothing"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A release page and chart repository; what lies in `tmp_path`/site is served."""
    (tmp_path / "site").mkdir()
    for name, content in FILES.items():
        (tmp_path / "site" / name).write_bytes(content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site")))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def clients() -> digests.Clients:
    """The catalog's own, from the person's cache."""
    provide(["crane", "helm"], Supply.SOURCE)
    return digests.Clients(binary("crane"), binary("helm"))


def program(make_catalog: MakeCatalog, url: str, **details: Any) -> Catalog:
    """The lock of `hello` alone, as a release at `url`."""
    entry = make_catalog().binaries["hello"].model_dump(mode="json")
    entry["programs"]["hello"]["upstream"] = {"url": url, **details}
    return make_catalog(binaries={"hello": entry})


def resolve(catalog: Catalog, clients: digests.Clients, *names: str) -> dict[str, digests.Finding]:
    wanted = [item for item in all_items(catalog) if str(item) in names]
    return {f.address: f for f in digests.resolve(catalog, wanted, clients, lambda _: None)}


def test_a_release_is_given_a_digest_for_each_architecture(
    cache: Path, make_catalog: MakeCatalog, clients: digests.Clients, site: str
) -> None:
    catalog = program(make_catalog, f"{site}/hello_{{arch}}")
    found = resolve(catalog, clients, "binaries/hello")
    assert {finding.outcome for finding in found.values()} == {"resolved"}
    upstream = load(catalog.root / "catalog.yaml").binaries["hello"].programs["hello"].upstream
    assert upstream is not None
    assert upstream.sha256 == {arch: sha256(FILES[f"hello_{arch}"]) for arch in ("amd64", "arm64")}


def test_what_has_no_answer_is_named_and_stays_empty_and_the_rest_is_written(
    cache: Path, make_catalog: MakeCatalog, clients: digests.Clients, site: str, tmp_path: Path
) -> None:
    (tmp_path / "site/hello_arm64").unlink()
    catalog = program(make_catalog, f"{site}/hello_{{arch}}")
    found = resolve(catalog, clients, "binaries/hello")
    assert found[f"{site}/hello_arm64"].outcome == "unanswered"
    assert "HTTP 404" in found[f"{site}/hello_arm64"].why
    upstream = load(catalog.root / "catalog.yaml").binaries["hello"].programs["hello"].upstream
    assert upstream is not None
    assert upstream.sha256 == {"amd64": sha256(FILES["hello_amd64"])}


def test_what_the_lock_has_is_compared_and_never_written_over(
    cache: Path, make_catalog: MakeCatalog, clients: digests.Clients, site: str
) -> None:
    known = {"amd64": sha256(FILES["hello_amd64"]), "arm64": "0" * 64}
    catalog = program(make_catalog, f"{site}/hello_{{arch}}", sha256=known)
    before = (catalog.root / "catalog.yaml").read_text()
    found = resolve(catalog, clients, "binaries/hello")
    assert {finding.architecture: finding.outcome for finding in found.values()} == {
        "amd64": "same",
        "arm64": "differs",
    }
    assert (catalog.root / "catalog.yaml").read_text() == before


def test_an_image_is_given_the_digest_of_the_manifest_that_its_tag_names(
    cache: Path, builders: Callable[[Path], None], make_catalog: MakeCatalog, clients: digests.Clients, tmp_path: Path
) -> None:
    builders(cache)
    (*_, receipt) = provide(["images/hello"], Supply.SOURCE, catalog=make_catalog())
    with registry.serving(binary("registry"), tmp_path / "run") as address:
        entry = make_catalog().images["hello"].model_dump(mode="json")
        reference = f"{address}/example.com/greetings/hello:{{version}}"
        catalog = make_catalog(images={"hello": entry | {"reference": reference}})
        (found,) = resolve(catalog, clients, "images/hello").values()
    assert found.outcome == "resolved"
    assert load(catalog.root / "catalog.yaml").images["hello"].digest == receipt.digest


def test_a_chart_is_given_the_digest_of_its_archive_and_an_archive_of_another_is_not_used(
    cache: Path, make_catalog: MakeCatalog, clients: digests.Clients, site: str, tmp_path: Path
) -> None:
    (tmp_path / "greeting").mkdir()
    (tmp_path / "greeting/Chart.yaml").write_text("apiVersion: v2\nname: greeting\nversion: 1.2.3\n")
    for words in (("package", tmp_path / "greeting", "-d", tmp_path / "site"), ("repo", "index", tmp_path / "site")):
        subprocess.run([clients.helm, *words], check=True, capture_output=True)
    chart = {"binaries": "hello", "path": "chart", "version": "1.2.3"}
    upstream = {"chart": "greeting", "repository": site}
    catalog = make_catalog(charts={"greeting": chart | {"upstream": upstream}})
    (found,) = resolve(catalog, clients, "charts/greeting").values()
    assert found.digest == sha256((tmp_path / "site/greeting-1.2.3.tgz").read_bytes())
    assert load(catalog.root / "catalog.yaml").charts["greeting"].model_dump()["upstream"]["sha256"] == found.digest

    spoilt = make_catalog(charts={"greeting": chart | {"upstream": upstream | {"sha256": "0" * 64}}})
    (tmp_path / "out").mkdir()
    (tmp_path / "tmp").mkdir()
    with pytest.raises(CatalogError, match=r"catalog\.yaml says 0000"):
        pull_chart(spoilt, "greeting", clients.helm, tmp_path / "out", tmp_path / "tmp")


def test_a_source_build_is_not_made_again_because_upstreams_digest_became_known() -> None:
    catalog = load()
    images = {name: image.model_copy(update={"digest": "sha256:1"}) for name, image in catalog.images.items()}
    resolved = catalog.model_copy(update={"images": images})
    for name in (name for name, image in catalog.images.items() if not image.own):
        item = Item("images", name)
        assert key(catalog, item, Supply.SOURCE) == key(resolved, item, Supply.SOURCE)
        assert key(catalog, item, Supply.UPSTREAM) != key(resolved, item, Supply.UPSTREAM)


def test_the_command_says_what_came_of_each_and_fails_when_something_is_missing(
    cache: Path, make_catalog: MakeCatalog, site: str, clients: digests.Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.cli.provide", lambda names, supply: [])
    monkeypatch.setattr("catalog.cli.binary", lambda name, supply: getattr(clients, name))
    catalog = program(make_catalog, f"{site}/hello_{{arch}}")
    monkeypatch.setattr("catalog.cli.load", lambda: catalog)
    done = CliRunner().invoke(catalog_app, ["resolve", "binaries/hello", "--supply", "source", "--json"])
    assert done.exit_code == 0, done.output
    assert [row["outcome"] for row in json.loads(done.stdout)] == ["resolved", "resolved"]
    assert f"binaries/hello                   resolved    {site}/hello_amd64" in done.stderr

    catalog = program(make_catalog, NOBODY)
    monkeypatch.setattr("catalog.cli.load", lambda: catalog)
    done = CliRunner().invoke(catalog_app, ["resolve", "binaries/hello", "--supply", "source"])
    assert done.exit_code == 1
    assert "1 unanswered" in done.stderr and NOBODY in done.stderr


def archive(path: Path, *names: str, content: bytes = b"kind: List", level: int = 9, made: int = 0) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=level) as tar:
        for name in names:
            info = tarfile.TarInfo(f"hello-1.2.3/{name}")
            info.size, info.mtime = len(content), made
            tar.addfile(info, io.BytesIO(content))
    return path


def test_an_archive_made_of_a_tag_is_known_by_its_files_and_not_by_its_bytes(
    cache: Path, make_catalog: MakeCatalog, clients: digests.Clients, site: str, tmp_path: Path
) -> None:
    folder = tmp_path / "site/archive/refs/tags"
    folder.mkdir(parents=True)
    file = archive(folder / "v1.2.3.tar.gz", "a", "b")
    download = {"url": f"{site}/archive/refs/tags/{{version}}.tar.gz", "member": "hello-1.2.3"}
    catalog = make_catalog(manifests={"hello": {"binaries": "hello", "path": ".", "upstream": download}})
    resolve(catalog, clients, "manifests/hello")
    catalog = load(catalog.root / "catalog.yaml")
    first = file.read_bytes()
    archive(file, "b", "a", level=1, made=9)
    assert file.read_bytes() != first
    assert {f.outcome for f in resolve(catalog, clients, "manifests/hello").values()} == {"same"}
    fetch(catalog.manifests["hello"].upstream, "v1.2.3", tmp_path)
    archive(file, "a", "b", content=b"kind: Lost")
    assert {f.outcome for f in resolve(catalog, clients, "manifests/hello").values()} == {"differs"}
    (tmp_path / "again").mkdir()
    with pytest.raises(CatalogError, match=r"catalog\.yaml says"):
        fetch(catalog.manifests["hello"].upstream, "v1.2.3", tmp_path / "again")
    file.write_bytes(first[:-20])
    with pytest.raises(CatalogError, match=r"v1\.2\.3\.tar\.gz\.partial can't be unpacked: .*not used"):
        fetch(catalog.manifests["hello"].upstream, "v1.2.3", tmp_path / "again")
