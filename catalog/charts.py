"""Charts and manifests, read from the Go module that is built anyway: nothing of them is kept in this repository."""

import json
import re
import shutil
from pathlib import Path

import yaml

from catalog.cache import remove
from catalog.entries import Chart
from catalog.errors import CatalogError
from catalog.golang import module_directory
from catalog.items import OBJECTS
from catalog.processes import run
from catalog.schema import YAML_LOADER, Catalog


def build_chart(catalog: Catalog, name: str, out: Path, tmp: Path) -> None:
    """Copies chart `name` out of its module into `out`/chart."""
    chart = catalog.charts[name]
    copy_chart(name, chart, module_directory(catalog, chart.binaries, tmp) / chart.path, out / "chart")


def copy_chart(name: str, chart: Chart, source: Path, target: Path) -> None:
    """Copies an unpacked chart, with the catalog's version for a placeholder and without dropped dependencies."""
    shutil.copytree(source, target)
    for path in [target, *target.rglob("*")]:
        # Modules are read-only in Go's cache.
        path.chmod(0o755 if path.is_dir() else 0o644)
    if chart.placeholders and (template := target / "values.tmpl.yaml").exists():
        (target / "values.yaml").write_text(filled_values(name, chart, template.read_text()))
        template.unlink()
    metadata = target / "Chart.yaml"
    metadata.write_text(chart_metadata(name, chart, metadata.read_text(), set(_vendored(target))))
    # Helm installs what lies in charts/ whether Chart.yaml names it or not.
    for dependency, place in _vendored(target).items():
        if dependency in chart.without:
            remove(place)


def filled_values(name: str, chart: Chart, text: str) -> str:
    """values.yaml as the project's own release makes it of its template; CatalogError for an unknown placeholder."""
    for placeholder, value in chart.placeholders.items():
        text = text.replace(f"${{{placeholder}}}", value.format(version=chart.version))
    if left := sorted(set(re.findall(r"\$\{(\w+)\}", text))):
        raise CatalogError(f"charts/{name}: say in catalog.yaml, under charts.{name}.placeholders, what {left[0]} is")
    return text


def _vendored(chart: Path) -> dict[str, Path]:
    """The dependencies that lie in the chart, as directories or archives (NAME-VERSION.tgz)."""
    return {re.sub(r"-v?\d[^/]*\.tgz$", "", path.name): path for path in (chart / "charts").glob("*")}


def chart_metadata(name: str, chart: Chart, text: str, vendored: set[str]) -> str:
    """Chart.yaml with the catalog's version; CatalogError for a dependency that is neither vendored nor dropped."""
    text = re.sub(r"(?m)^version:.*$", f"version: {chart.version}", text)
    content = yaml.safe_load(text)
    wanted = content.get("dependencies") or []
    kept = [dependency for dependency in wanted if dependency["name"] not in chart.without]
    if missing := [dependency["name"] for dependency in kept if dependency["name"] not in vendored]:
        raise CatalogError(
            f"charts/{name} depends on {', '.join(missing)}, which its module does not carry; install them by modules "
            f"of their own and name them in catalog.yaml under charts.{name}.without"
        )
    if len(kept) == len(wanted):
        return text
    content["dependencies"] = kept
    return str(yaml.safe_dump(content, sort_keys=False))


def render_manifest(kubectl: Path, source: Path, out: Path) -> None:
    """Renders the kustomization in `source` into `out`."""
    objects = yaml.load_all(run([kubectl, "kustomize", source]), Loader=YAML_LOADER)
    (out / OBJECTS).write_text("".join(f"{json.dumps(made)}\n" for made in objects if made))


def build_manifest(catalog: Catalog, name: str, kubectl: Path, out: Path, tmp: Path) -> None:
    """Renders manifest `name` from its module."""
    manifest = catalog.manifests[name]
    render_manifest(kubectl, module_directory(catalog, manifest.binaries, tmp) / manifest.path, out)
