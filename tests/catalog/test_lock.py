"""The shipped lock holds together: versions, hashes and files agree, and nothing names a package registry."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from catalog.entries import Download, HelmUpstream
from catalog.errors import CatalogError
from catalog.schema import load

ROOT = Path(__file__).resolve().parents[2] / "catalog"
CATALOG = load()


@pytest.mark.parametrize("name", CATALOG.binaries)
def test_the_go_module_of_an_entry_has_its_version_and_every_program_as_a_tool(name: str) -> None:
    told = subprocess.run(
        ["go", "mod", "edit", "-json"], cwd=ROOT / "go" / name, capture_output=True, text=True, check=True
    )
    module, entry = json.loads(told.stdout), CATALOG.binaries[name]
    versions = {required["Path"]: required["Version"] for required in module["Require"]}
    assert versions[entry.module] == (entry.module_version or entry.version)
    # A program of our own is built as it lies here; upstream's are tools.
    named = {tool["Path"] for tool in module["Tool"] or []} or {module["Module"]["Path"]}
    assert named == {program.package for program in entry.programs.values()}
    assert (ROOT / "go" / name / "go.sum").stat().st_size > 0


def test_no_go_module_is_left_over() -> None:
    assert {path.name for path in (ROOT / "go").iterdir()} == set(CATALOG.binaries)


def test_every_python_requirement_is_pinned_by_hashes_and_without_an_address() -> None:
    for lock in ROOT.glob("images/*/requirements.txt"):
        blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text())
        assert all("==" in block and "--hash=sha256:" in block for block in blocks)
        assert "://" not in lock.read_text()


def test_no_file_of_the_catalog_names_the_host_of_a_package_registry() -> None:
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "pythonhosted", r"deb\.debian" + r"\.org", r"proxy\.golang", "npmjs"])
    )
    texts = [path for path in ROOT.rglob("*") if path.suffix in (".py", ".yaml", ".txt", ".in", ".mod")]
    assert [path for path in texts if hosts.search(path.read_text())] == []


def test_digests_are_empty_or_whole() -> None:
    published = [CATALOG.published(name) for name in CATALOG.images]
    digests = [known.removeprefix("sha256:") for each in published for _, known in each.values()]
    downloads = [p.upstream for b in CATALOG.binaries.values() for p in b.programs.values() if p.upstream]
    downloads += [chart.upstream for chart in CATALOG.charts.values() if isinstance(chart.upstream, Download)]
    downloads += [manifest.upstream for manifest in CATALOG.manifests.values()]
    digests += [digest for download in downloads for digest in download.sha256.values()]
    digests += [c.upstream.sha256 for c in CATALOG.charts.values() if isinstance(c.upstream, HelmUpstream)]
    assert all(re.fullmatch(r"[0-9a-f]{64}|", digest) for digest in digests)


def test_every_image_has_a_licence_a_source_and_a_version() -> None:
    for name in CATALOG.images:
        assert all((CATALOG.image_licence(name), CATALOG.image_source(name), CATALOG.image_version(name)))


def test_images_run_as_numbers_so_that_kubernetes_can_check_them() -> None:
    assert all(re.fullmatch(r"\d+:\d+", image.user) for image in CATALOG.images.values())


def test_references_are_filled_in_from_the_program_that_an_image_runs() -> None:
    assert CATALOG.image("kueue") == "registry.k8s.io/kueue/kueue:v0.18.3"
    assert CATALOG.repository_and_tag("coredns") == ("docker.io/coredns/coredns", "1.14.7")
    assert CATALOG.version("kubelet") == CATALOG.version("kubernetes") == CATALOG.image_version("kube-proxy")
    assert CATALOG.published_registries() == ["docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io"]


def test_the_disk_that_a_download_takes_is_known_where_there_is_one() -> None:
    for name, entry in CATALOG.binaries.items():
        assert bool(entry.download_mib) == any(program.upstream for program in entry.programs.values()), name


def test_a_mistake_in_the_lock_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("images: {x: {reference: a/b:1, layers: [], usr: '0:0', space_mib: 1}}")
    with pytest.raises(CatalogError, match=r"images\.x\.usr"):
        load(tmp_path / "catalog.yaml")


def test_an_image_of_a_program_that_nothing_builds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text(
        "images: {x: {reference: a/b:1, layers: [{program: nope, path: /x}], user: '0:0', space_mib: 1}}"
    )
    with pytest.raises(CatalogError, match="no program 'nope'"):
        load(tmp_path / "catalog.yaml")


def test_an_unknown_name_is_answered_with_the_command_that_lists_them() -> None:
    with pytest.raises(CatalogError, match="cairn catalog list"):
        CATALOG.version("nope")


def test_a_doubled_key_in_the_catalog_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text("tools: {}\nimages: {}\ntools: {}\n")
    with pytest.raises(CatalogError, match=r"'tools' is there twice.*\n.*catalog.yaml\", line 3"):
        load(file)
