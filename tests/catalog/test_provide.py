"""`provide` on a tiny catalog: what it makes, once, whatever happens to it meanwhile."""

import http.server
import io
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cairn.tools import BESIDE_PULUMI
from catalog import cache as entries
from catalog.build import Progress, binary, chart, provide
from catalog.errors import CatalogError
from catalog.items import Item, key
from catalog.schema import Catalog, load
from catalog.supply import Supply

from .conftest import MakeCatalog

HELLO = Item("binaries", "hello")
PROVIDE = """
import sys
from pathlib import Path
from catalog.build import provide
from catalog.schema import load
from catalog.supply import Supply
provide([sys.argv[2]], Supply(sys.argv[3]), lambda step: print(step.phase, flush=True), load(Path(sys.argv[1])))
"""


def in_another_process(catalog: Catalog, item: str, supply: Supply) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROVIDE, str(catalog.root / "catalog.yaml"), item, supply]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Upstream:
    """A release page on loopback that can be made to stop in the middle of an answer."""

    def __init__(self, content: bytes) -> None:
        self.asked = 0
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream.asked += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:100])
                self.wfile.flush()
                upstream.reached.set()
                upstream.go_on.wait()
                self.wfile.write(content[100:])

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def archive(**files: bytes) -> bytes:
    """An archive with `files` in the directory hello-1.2.3."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"hello-1.2.3/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream(archive(hello=bytes(range(256)) * 40, helper=b"#!/bin/sh\n"))
    yield server
    server.go_on.set()
    server.server.shutdown()
    server.server.server_close()


def with_upstream(make_catalog: MakeCatalog, url: str, **details: Any) -> Catalog:
    entry = make_catalog().binaries["hello"].model_dump(mode="json")
    download = {"url": f"{url}/hello-{{version}}.tar.gz", "member": "hello-{number}/hello", **details}
    entry["programs"]["hello"]["upstream"] = download
    return make_catalog(binaries={"hello": entry})


def test_a_program_is_built_with_its_version_and_a_second_run_takes_it_from_the_cache(
    cache: Path, make_catalog: MakeCatalog
) -> None:
    catalog = make_catalog()
    steps: list[Progress] = []
    (receipt,) = provide(["hello/hello", "binaries/hello"][1:], Supply.SOURCE, steps.append, catalog)
    assert [(step.item, step.index, step.total, step.phase) for step in steps] == [
        ("binaries/hello", 1, 1, "building"),
        ("binaries/hello", 1, 1, "done"),
    ]
    assert receipt.seconds > 0
    said = subprocess.run([binary("hello", None, catalog)], capture_output=True, text=True, check=True)
    assert said.stderr == "hello v1.2.3\n"
    steps.clear()
    provide(["binaries/hello"], Supply.SOURCE, steps.append, catalog)
    assert [step.phase for step in steps] == ["cached"]


def test_a_corrupt_program_is_built_again(cache: Path, make_catalog: MakeCatalog) -> None:
    catalog = make_catalog()
    provide(["binaries/hello"], Supply.SOURCE, catalog=catalog)
    path = binary("hello", None, catalog)
    good = path.read_bytes()
    path.write_bytes(good[:1000] + b"x" + good[1001:])
    provide(["binaries/hello"], Supply.SOURCE, catalog=catalog)
    assert path.read_bytes() == good


def test_a_program_that_does_not_compile_fails_with_the_words_of_the_compiler(
    cache: Path, make_catalog: MakeCatalog
) -> None:
    catalog = make_catalog()
    (catalog.root / "go/hello/main.go").write_text("package main\n\nfunc main() { nonsense() }\n")
    with pytest.raises(CatalogError, match="undefined: nonsense"):
        provide(["binaries/hello"], Supply.SOURCE, catalog=catalog)
    assert entries.read(HELLO, key(catalog, HELLO, Supply.SOURCE)) is None


def test_what_was_made_before_a_failure_is_kept(cache: Path, make_catalog: MakeCatalog) -> None:
    charts = {"broken": {"binaries": "hello", "path": "nowhere", "version": "1", "upstream": {"chart": "x"}}}
    catalog = make_catalog(charts=charts)
    with pytest.raises(CatalogError, match="charts/broken"):
        provide(["charts/broken"], Supply.SOURCE, catalog=catalog)
    assert binary("hello", None, catalog).exists()


def test_asking_for_what_is_not_there_names_the_command_that_makes_it(cache: Path, make_catalog: MakeCatalog) -> None:
    with pytest.raises(CatalogError, match="run `cairn catalog build binaries/hello`"):
        binary("hello", None, make_catalog())


def test_a_download_is_checked_and_unpacked(cache: Path, make_catalog: MakeCatalog, upstream: Upstream) -> None:
    catalog = with_upstream(make_catalog, upstream.url)
    provide(["binaries/hello"], Supply.UPSTREAM, catalog=catalog)
    path = binary("hello", Supply.UPSTREAM, catalog)
    assert path.stat().st_size == 256 * 40
    assert path.stat().st_mode & 0o111


def test_what_a_program_looks_for_beside_itself_is_unpacked_beside_it(
    cache: Path, make_catalog: MakeCatalog, upstream: Upstream
) -> None:
    catalog = with_upstream(make_catalog, upstream.url, beside=["hello-{number}/helper"])
    provide(["binaries/hello"], Supply.UPSTREAM, catalog=catalog)
    helper = binary("hello", Supply.UPSTREAM, catalog).with_name("helper")
    assert helper.read_text() == "#!/bin/sh\n"
    assert helper.stat().st_mode & 0o111


def test_upstreams_pulumi_comes_with_its_language_host_and_its_provider_of_dynamic_resources() -> None:
    upstream = load().binaries["pulumi"].programs["pulumi"].upstream
    assert upstream is not None
    assert {Path(member).name for member in upstream.beside} >= set(BESIDE_PULUMI)


def test_a_download_with_another_sha256_is_not_used(cache: Path, make_catalog: MakeCatalog, upstream: Upstream) -> None:
    catalog = with_upstream(make_catalog, upstream.url, sha256={"any": "0" * 64})
    with pytest.raises(CatalogError, match=r"catalog\.yaml says 0000"):
        provide(["binaries/hello"], Supply.UPSTREAM, catalog=catalog)
    assert entries.read(HELLO, key(catalog, HELLO, Supply.UPSTREAM)) is None


def test_an_upstream_that_does_not_answer_is_named_with_the_way_out(cache: Path, make_catalog: MakeCatalog) -> None:
    catalog = with_upstream(make_catalog, "http://127.0.0.1:1")
    with pytest.raises(CatalogError, match=r"127\.0\.0\.1:1/.*supply source"):
        provide(["binaries/hello"], Supply.UPSTREAM, catalog=catalog)


def test_an_archive_without_the_file_is_told_by_name(
    cache: Path, make_catalog: MakeCatalog, upstream: Upstream
) -> None:
    catalog = with_upstream(make_catalog, upstream.url, member="bin/hello")
    with pytest.raises(CatalogError, match="has no file bin/hello"):
        provide(["binaries/hello"], Supply.UPSTREAM, catalog=catalog)


def test_two_runs_at_once_fetch_once_and_both_end_well(
    cache: Path, make_catalog: MakeCatalog, upstream: Upstream
) -> None:
    catalog = with_upstream(make_catalog, upstream.url)
    upstream.go_on.clear()
    first = in_another_process(catalog, "binaries/hello", Supply.UPSTREAM)
    assert upstream.reached.wait(30)
    second = in_another_process(catalog, "binaries/hello", Supply.UPSTREAM)
    assert second.stdout and second.stdout.readline() == "waiting\n"
    upstream.go_on.set()
    assert (first.wait(30), second.wait(30)) == (0, 0)
    assert second.stdout.read() == "cached\n"
    assert upstream.asked == 1


def test_a_run_that_was_killed_leaves_nothing_in_the_way_of_the_next(
    cache: Path, make_catalog: MakeCatalog, upstream: Upstream
) -> None:
    catalog = with_upstream(make_catalog, upstream.url)
    upstream.go_on.clear()
    killed = in_another_process(catalog, "binaries/hello", Supply.UPSTREAM)
    assert upstream.reached.wait(30)
    killed.kill()
    killed.wait()
    place = entries.directory(HELLO, key(catalog, HELLO, Supply.UPSTREAM))
    assert [path.name for path in place.parent.iterdir()] == [f".building-{place.name}"]
    upstream.go_on.set()
    provide(["binaries/hello"], Supply.UPSTREAM, catalog=catalog)
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_a_chart_is_put_into_the_checkout_under_the_same_path_whatever_the_supply(
    cache: Path, make_catalog: MakeCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.places.REPOSITORY", tmp_path)
    monkeypatch.setattr("catalog.places.charts_root", lambda: tmp_path / "charts")
    charts = {
        "greeting": {
            "binaries": "hello",
            "path": "chart",
            "version": "1.2.3",
            "upstream": {"chart": "oci://x/greeting"},
        }
    }
    catalog = make_catalog(charts=charts)
    for supply, content in ((Supply.SOURCE, "built"), (Supply.UPSTREAM, "pulled"), (Supply.SOURCE, "built")):
        item = Item("charts", "greeting")
        name = key(catalog, item, supply)
        if not entries.find(item, name):
            with entries.workspace(item, name) as work:
                (work / "out/chart").mkdir()
                (work / "out/chart/Chart.yaml").write_text(content)
                entries.publish(work, item, entries.Receipt(str(item), name, supply, 0.1))
        assert chart("greeting", supply, catalog) == Path("charts/greeting")
        assert (tmp_path / "charts/greeting/Chart.yaml").read_text() == content
