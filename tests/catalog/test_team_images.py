"""Teams' images, pushed by the real registry and crane into a store of the test's own."""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import registry, team_images
from catalog.directories import cache_root
from catalog.errors import CatalogError
from catalog.items import architecture
from catalog.prune import prune
from catalog.schema import load


def layout(root: Path, arch: str = architecture(), word: str = "hello") -> Path:
    """The smallest image: one layer with one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("word")
        entry.size = len(word)
        tar.addfile(entry, io.BytesIO(word.encode()))
    (root / "blobs/sha256").mkdir(parents=True)

    def blob(content: bytes, kind: str) -> dict[str, object]:
        digits = hashlib.sha256(content).hexdigest()
        (root / "blobs/sha256" / digits).write_bytes(content)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digits}", "size": len(content)}

    layer = blob(packed.getvalue(), "layer.v1.tar")
    filesystem = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = blob(json.dumps({"architecture": arch, "os": "linux", "rootfs": filesystem}).encode(), "config.v1+json")
    kind = "application/vnd.oci.image.manifest.v1+json"
    content = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
    manifest = blob(json.dumps(content).encode(), "manifest.v1+json")
    (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (root / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    return root


def oci_archive(root: Path) -> Path:
    with tarfile.open(root.with_suffix(".tar"), "w") as tar:
        tar.add(layout(root), ".")
    return root.with_suffix(".tar")


def docker_archive(root: Path) -> Path:
    """As `docker save` writes it."""
    layout(root)
    manifest = json.loads((root / "index.json").read_text())["manifests"][0]
    content = json.loads((root / "blobs" / str(manifest["digest"]).replace(":", "/")).read_text())
    files = {part["digest"].partition(":")[2]: part for part in (content["config"], *content["layers"])}
    config, layer = files
    (root / "manifest.json").write_text(json.dumps([{"Config": config, "RepoTags": ["a:1"], "Layers": [layer]}]))
    with tarfile.open(root.with_suffix(".tar"), "w") as tar:
        tar.add(root / "manifest.json", "manifest.json")
        for name in files:
            tar.add(root / "blobs/sha256" / name, name)
    return root.with_suffix(".tar")


@pytest.fixture
def owner(cache: Path, builders: Callable[[Path], None], tmp_path: Path) -> Path:
    """An environment's directory, and a cache with crane and the registry."""
    builders(cache)
    (tmp_path / "dev").mkdir()
    return tmp_path / "dev"


@pytest.mark.parametrize("write", [layout, oci_archive, docker_archive])
def test_what_any_builder_writes_is_served_under_the_teams_name(
    owner: Path, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    put = team_images.put(write(tmp_path / "image"), "dev", "team-a", "trainer:1", owner)
    assert put.reference == "images.cairn.test/dev/team-a/trainer:1"
    assert registry.tagged(put.reference) == put.digest
    assert team_images.images() == [put]
    assert all((cache_root() / name).exists() for name in registry.blobs_of(put.digest))


def test_a_tag_that_is_pushed_again_names_the_new_image_and_another_teams_stays(owner: Path, tmp_path: Path) -> None:
    first = team_images.put(layout(tmp_path / "one"), "dev", "team-a", "trainer:1", owner)
    other = team_images.put(layout(tmp_path / "two", word="other"), "dev", "team-b", "trainer:1", owner)
    second = team_images.put(layout(tmp_path / "three", word="again"), "dev", "team-a", "trainer:1", owner)
    assert first.digest != second.digest
    assert team_images.images() == [second, other]


def test_pruning_leaves_a_teams_image_until_its_environment_is_gone(owner: Path, tmp_path: Path) -> None:
    put = team_images.put(layout(tmp_path / "image"), "dev", "team-a", "trainer:1", owner)
    prune(load(), 0)
    assert registry.blob(put.digest).exists() and team_images.images() == [put]
    shutil.rmtree(owner)
    prune(load(), 0)
    assert not registry.blob(put.digest).exists() and team_images.images() == []


@pytest.mark.parametrize("name", ["trainer", "Trainer:1", "../x:1", "a b:1", ":1", "trainer:"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogError, match="is not NAME:TAG"):
        team_images.put(tmp_path, "dev", "team-a", name, tmp_path)


def test_an_image_for_another_architecture_is_refused_and_nothing_of_it_stays(owner: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is for s390x, and the nodes are"):
        team_images.put(layout(tmp_path / "image", arch="s390x"), "dev", "team-a", "trainer:1", owner)
    assert team_images.images() == []


def test_a_file_that_holds_no_image_is_told(owner: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("hello")
    with pytest.raises(CatalogError, match="can't be read as an archive"):
        team_images.put(tmp_path / "words", "dev", "team-a", "trainer:1", owner)
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.add(tmp_path / "words", "words")
    with pytest.raises(CatalogError, match="holds no image"):
        team_images.put(tmp_path / "other.tar", "dev", "team-a", "trainer:1", owner)
