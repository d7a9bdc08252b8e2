import http.server
import subprocess
import threading
from functools import partial
from pathlib import Path

import pytest
import yaml

from catalog.build import binary
from catalog.charts import chart_metadata, copy_chart, filled_values
from catalog.entries import Chart, HelmUpstream
from catalog.errors import CatalogError
from catalog.items import Item
from catalog.places import entry
from catalog.schema import load
from catalog.upstream import pull_chart

from .conftest import MakeCatalog

CHART = Chart(binaries="x", path="chart", version="1.2.3", upstream=HelmUpstream(chart="oci://x/y"))
TEXT = "apiVersion: v2\nname: x\n# a comment\nversion: 0.0.0-dev\nappVersion: v9\n"
DEPENDS = TEXT + "dependencies:\n- name: jobset\n  version: 1.0.0\n"


def test_a_placeholder_version_becomes_the_catalog_s_and_all_else_stays() -> None:
    assert chart_metadata("x", CHART, TEXT, set()) == TEXT.replace("0.0.0-dev", "1.2.3")


def test_a_dependency_that_is_not_there_is_told_with_the_way_out() -> None:
    with pytest.raises(CatalogError, match=r"jobset.*charts\.x\.without"):
        chart_metadata("x", CHART, DEPENDS, set())


def test_a_vendored_dependency_stays_and_a_dropped_one_goes(tmp_path: Path) -> None:
    (tmp_path / "chart/charts").mkdir(parents=True)
    (tmp_path / "chart/charts/jobset-1.0.0.tgz").touch()
    (tmp_path / "chart/Chart.yaml").write_text(DEPENDS)
    copy_chart("x", CHART, tmp_path / "chart", tmp_path / "copy")
    assert "jobset" in (tmp_path / "copy/Chart.yaml").read_text()
    copy_chart("x", CHART.model_copy(update={"without": ("jobset",)}), tmp_path / "chart", tmp_path / "dropped")
    assert yaml.safe_load((tmp_path / "dropped/Chart.yaml").read_text())["dependencies"] == []
    assert not list((tmp_path / "dropped/charts").iterdir())


def test_placeholders_of_a_template_of_values_are_filled_and_one_that_is_unknown_is_told(tmp_path: Path) -> None:
    chart = CHART.model_copy(update={"placeholders": {"Image": "example.com/x:v{version}"}})
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart/Chart.yaml").write_text(TEXT)
    (tmp_path / "chart/values.tmpl.yaml").write_text("image: ${Image}\n")
    copy_chart("x", chart, tmp_path / "chart", tmp_path / "copy")
    assert (tmp_path / "copy/values.yaml").read_text() == "image: example.com/x:v1.2.3\n"
    assert not (tmp_path / "copy/values.tmpl.yaml").exists()
    with pytest.raises(CatalogError, match=r"charts\.x\.placeholders, what Policy"):
        filled_values("x", chart, "policy: ${Policy}\n")


def test_under_upstream_a_chart_is_pulled_from_its_repository(tmp_path: Path, make_catalog: MakeCatalog) -> None:
    helm = binary("helm")
    repository, source = tmp_path / "repository", tmp_path / "source/greeting"
    source.mkdir(parents=True)
    repository.mkdir()
    (source / "Chart.yaml").write_text("apiVersion: v2\nname: greeting\nversion: 1.2.3\n")
    (source / "values.yaml").write_text("a: 1\n")
    subprocess.run([helm, "package", source, "-d", repository], check=True, capture_output=True)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(repository))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    subprocess.run([helm, "repo", "index", repository, "--url", url], check=True, capture_output=True)
    upstream = {"chart": "greeting", "repository": url}
    chart = {"binaries": "hello", "path": "chart", "version": "1.2.3", "upstream": upstream}
    try:
        (tmp_path / "tmp").mkdir()
        (tmp_path / "out").mkdir()
        pull_chart(make_catalog(charts={"greeting": chart}), "greeting", helm, tmp_path / "out", tmp_path / "tmp")
    finally:
        server.shutdown()
        server.server_close()
    assert (tmp_path / "out/chart/values.yaml").read_text() == "a: 1\n"


def test_the_charts_of_the_catalog_render_and_have_its_versions(tmp_path: Path) -> None:
    catalog = load()
    for name, chart in catalog.charts.items():
        folder = entry(Item("charts", name)) / "chart"
        assert yaml.safe_load((folder / "Chart.yaml").read_text())["version"] == chart.version
        command = [str(binary("helm")), "template", "x", str(folder), "--namespace", "y"]
        rendered = subprocess.run(command, capture_output=True, text=True, check=False)
        assert rendered.returncode == 0, rendered.stderr
