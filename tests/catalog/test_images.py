"""Images of a tiny program, in a real registry."""

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog import cache as entries
from catalog import images, layers, registry, sbom
from catalog.build import Progress, binary, provide
from catalog.errors import CatalogError
from catalog.items import Item, key
from catalog.schema import Catalog
from catalog.supply import Supply

from .conftest import MakeCatalog

IMAGE = Item("images", "hello")


@pytest.fixture
def catalog(cache: Path, builders: Callable[[Path], None], make_catalog: MakeCatalog) -> Catalog:
    builders(cache)
    return make_catalog()


def stored(digest: str) -> Any:
    return json.loads(registry.blob(digest).read_text())


def provide_image(catalog: Catalog) -> tuple[str, list[str]]:
    """The image's digest, and the phases that it went through."""
    steps: list[Progress] = []
    receipts = provide([str(IMAGE)], Supply.SOURCE, steps.append, catalog)
    return receipts[-1].digest, [step.phase for step in steps if step.item == str(IMAGE)]


def test_an_image_has_the_program_its_labels_and_its_sbom_and_can_be_pulled(catalog: Catalog, tmp_path: Path) -> None:
    digest, _ = provide_image(catalog)
    assert registry.tagged("example.com/greetings/hello:v1.2.3") == digest
    settings = stored(stored(digest)["config"]["digest"])["config"]
    assert settings["User"] == "65532:65532"
    assert settings["Entrypoint"] == ["/usr/bin/hello"]
    assert settings["StopSignal"] == "SIGINT"
    assert "GREETING=a,b" in settings["Env"]
    assert (
        settings["Labels"]
        | {
            "org.opencontainers.image.licenses": "Apache-2.0",
            "org.opencontainers.image.version": "v1.2.3",
            "org.opencontainers.image.source": "https://example.com/hello",
            "io.cairn.sbom": "/usr/share/sbom/hello.cdx.json",
        }
        == settings["Labels"]
    )
    with registry.serving(binary("registry", None, catalog), tmp_path / "run", read_only=True) as address:
        crane = binary("crane", None, catalog)
        exported = tmp_path / "image.tar"
        subprocess.run([crane, "export", f"{address}/{catalog.image('hello')}", exported], check=True)
        refused = subprocess.run(
            [crane, "tag", f"{address}/{catalog.image('hello')}", "other"], capture_output=True, text=True, check=False
        )
    with tarfile.open(exported) as tar:
        members = {member.name: member for member in tar}
        bill = json.load(tar.extractfile("usr/share/sbom/hello.cdx.json"))  # type: ignore[arg-type]
    assert members["usr/bin/hello"].mode == 0o755
    assert members["tmp"].mode == 0o1777
    assert {component["name"] for component in bill["components"]} == {"stdlib"}
    assert "405" in refused.stderr


def test_an_image_built_again_is_the_same_image(catalog: Catalog) -> None:
    first, _ = provide_image(catalog)
    entries.set_aside(IMAGE, key(catalog, IMAGE, Supply.SOURCE))
    second, phases = provide_image(catalog)
    assert phases == ["building", "done"]
    assert second == first


def test_python_of_our_own_lies_beside_the_packages_and_a_change_of_it_makes_another_image(
    catalog: Catalog, make_catalog: MakeCatalog
) -> None:
    entry = catalog.images["hello"].model_dump(mode="json")
    catalog = make_catalog(images={"hello": entry | {"layers": [*entry["layers"], {"files": "greetings"}]}})
    source = catalog.root / "images/greetings/files/greetings/words.py"
    source.parent.mkdir(parents=True)
    source.write_text("HELLO = 'hello'")
    (source.parent / "words.pyc").write_text("left by a run of it")
    first, _ = provide_image(catalog)
    layer = registry.blob(stored(first)["layers"][1]["digest"])
    with tarfile.open(layer) as tar:
        assert [member.name for member in tar if member.isfile()] == ["opt/python/greetings/words.py"]
    source.write_text("HELLO = 'good day'")
    second, phases = provide_image(catalog)
    assert phases == ["building", "done"]
    assert second != first


def test_a_corrupt_layer_in_the_store_is_noticed_and_pushed_again(catalog: Catalog) -> None:
    digest, _ = provide_image(catalog)
    layer = registry.blob(stored(digest)["layers"][0]["digest"])
    good = layer.read_bytes()
    layer.write_bytes(b"x" + good[1:])
    assert provide_image(catalog) == (digest, ["building", "done"])
    assert layer.read_bytes() == good
    assert provide_image(catalog) == (digest, ["cached"])


def test_a_store_that_lost_everything_is_filled_again(catalog: Catalog) -> None:
    digest, _ = provide_image(catalog)
    entries.remove(registry.store())
    assert provide_image(catalog) == (digest, ["building", "done"])


def test_a_name_that_another_lock_took_is_given_back(catalog: Catalog, make_catalog: MakeCatalog) -> None:
    first, _ = provide_image(catalog)
    changed = catalog.images["hello"].model_dump(mode="json") | {"user": "1000:1000"}
    other, _ = provide_image(make_catalog(images={"hello": changed}))
    assert registry.tagged(catalog.image("hello")) == other != first
    assert provide_image(catalog) == (first, ["cached"])
    assert registry.tagged(catalog.image("hello")) == first


def test_the_uploads_of_a_killed_push_are_deleted_by_the_next(catalog: Catalog) -> None:
    uploads = registry.store() / "docker/registry/v2/repositories/example.com/greetings/hello/_uploads/1"
    uploads.mkdir(parents=True)
    provide_image(catalog)
    assert not uploads.exists()


def test_under_upstream_the_image_is_copied_to_the_same_name(
    catalog: Catalog, make_catalog: MakeCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, _ = provide_image(catalog)
    elsewhere = tmp_path / "upstream"
    registry.store().rename(elsewhere)
    for name in catalog.builders:
        item = Item("binaries", name)
        made, fetched = (entries.directory(item, key(catalog, item, supply)) for supply in Supply)
        subprocess.run(["cp", "-a", made, fetched], check=True)
    with registry.serving(binary("registry", None, catalog), tmp_path / "run", root=elsewhere) as address:
        # Upstream is another registry on loopback here.
        monkeypatch.setattr("catalog.images.origin", lambda catalog, name: f"{address}/{catalog.image(name)}")
        (*_, receipt) = provide([str(IMAGE)], Supply.UPSTREAM, catalog=catalog)
    assert receipt.digest == digest == registry.tagged(catalog.image("hello"))
    assert len(receipt.blobs) == 4


def test_a_known_digest_is_what_is_copied(catalog: Catalog) -> None:
    image = catalog.images["hello"].model_copy(update={"digest": "sha256:" + "0" * 64})
    known = catalog.model_copy(update={"images": {"hello": image}})
    assert images.origin(known, "hello") == f"example.com/greetings/hello@{image.digest}"
    assert images.origin(catalog, "hello") == "example.com/greetings/hello:v1.2.3"


@pytest.mark.parametrize(("arch", "tag"), [("amd64", "v1.2.3"), ("arm64", "v1.2.3-aarch64")])
def test_each_architecture_has_its_own_reference_where_upstream_publishes_it_so(
    make_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch, arch: str, tag: str
) -> None:
    monkeypatch.setattr("catalog.images.architecture", lambda: arch)
    entry = make_catalog().images["hello"].model_dump(mode="json")
    names = {"amd64": "example.com/hello:{version}", "arm64": "example.com/hello:{version}-aarch64"}
    known = {"arm64": f"sha256:{'1' * 64}"}
    catalog = make_catalog(images={"hello": entry | {"upstream": names}})
    assert images.origin(catalog, "hello") == f"example.com/hello:{tag}"
    assert catalog.image("hello") == "example.com/greetings/hello:v1.2.3"
    resolved = make_catalog(images={"hello": entry | {"upstream": names, "digest": known}})
    assert images.origin(resolved, "hello") == f"example.com/hello{'@' + known[arch] if arch in known else ':' + tag}"


def test_a_copied_image_for_another_architecture_is_refused_and_the_name_keeps_its_image(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in catalog.builders:
        item = Item("binaries", name)
        made, fetched = (entries.directory(item, key(catalog, item, supply)) for supply in Supply)
        subprocess.run(["cp", "-a", made, fetched], check=True)
    monkeypatch.setattr("catalog.images.architecture", lambda: "s390x")
    elsewhere, layer = tmp_path / "upstream", tmp_path / "layer.tar"
    layers.write(layer, [layers.Member("/hello", 0o755, content=b"for a mainframe")])
    images.write_layout(tmp_path / "layout", [layer], {})
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    digest, _ = provide_image(catalog)
    crane = binary("crane", None, catalog)
    with registry.serving(binary("registry", None, catalog), tmp_path / "run", root=elsewhere) as address:
        subprocess.run([crane, "push", tmp_path / "layout", f"{address}/greetings/hello:v1.2.3"], check=True)
        monkeypatch.setattr("catalog.images.origin", lambda catalog, name: f"{address}/greetings/hello:v1.2.3")
        with pytest.raises(CatalogError, match=r"images/hello: .*hello:v1\.2\.3 is for s390x, not for"):
            provide([str(IMAGE)], Supply.UPSTREAM, catalog=catalog)
    assert registry.tagged(catalog.image("hello")) == digest


def test_one_file_of_a_wheel_can_be_all_that_an_image_takes_of_it(
    make_catalog: MakeCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = {"requirements": "proxy", "file": "proxy/_bin/proxy", "path": "/usr/local/bin/proxy"}
    proxy = {"reference": "example.com/proxy:v1", "layers": [layer], "user": "1:1", "space_mib": 1}
    catalog = make_catalog(images={"proxy": proxy})
    folder = catalog.root / "images/proxy"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text(f"proxy-server==1 \\\n    --hash=sha256:{'a' * 64}\n")

    def install(_: Path, target: Path, __: Path) -> None:
        (target / "proxy/_bin").mkdir(parents=True)
        (target / "proxy/_bin/proxy").write_text("the program")
        (target / "proxy/__init__.py").touch()

    monkeypatch.setattr("catalog.wheels.install", install)
    parts = images._collect(catalog, catalog.images["proxy"], tmp_path)
    with tarfile.open(parts.tars[0]) as tar:
        assert [member.name for member in tar if member.isfile()] == ["usr/local/bin/proxy"]
        assert tar.getmember("usr/local/bin/proxy").mode == 0o755
    assert [component.name for component in parts.components] == ["proxy-server"]
    assert "PYTHONPATH" not in parts.environment


def test_layers_of_the_same_content_are_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for folder in ("a", "b"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        for name in ("z", "a") if folder == "a" else ("a", "z"):
            (tmp_path / folder / "sub" / name).write_text(name)
        layers.write(tmp_path / f"{folder}.tar", layers.tree(tmp_path / folder, "opt/x"))
        digests.add(hashlib.sha256((tmp_path / f"{folder}.tar").read_bytes()).hexdigest())
    assert len(digests) == 1
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert tar.getnames() == ["opt", "opt/x", "opt/x/sub", "opt/x/sub/a", "opt/x/sub/z"]
        assert {(member.mtime, member.uid, member.gid) for member in tar} == {(0, 0, 0)}


def test_a_layer_on_another_holds_what_that_lacks_or_has_otherwise(tmp_path: Path) -> None:
    def write(name: str, **contents: str) -> Path:
        members = [layers.Member(f"usr/{path}", 0o644, content=text.encode()) for path, text in contents.items()]
        layers.write(tmp_path / name, members)
        return tmp_path / name

    base, whole = write("base", same="a", changed="a"), write("whole", same="a", changed="b", new="c")
    layers.write_difference(tmp_path / "difference", base, whole)
    with tarfile.open(tmp_path / "difference") as tar:
        assert tar.getnames() == ["usr/changed", "usr/new"]
        stream = tar.extractfile("usr/changed")
        assert stream is not None
        assert stream.read() == b"b"


def test_the_modules_of_a_go_binary_are_named_by_their_replacements() -> None:
    told = (
        "/x/hello: go1.26.8\n\tpath\texample.com/hello\n\tmod\texample.com/hello\t(devel)\t\n"
        "\tdep\tk8s.io/api\tv0.0.0\n\t=>\tk8s.io/api\tv0.36.3\th1:x=\n\tdep\tk8s.io/utils\tv1.0.0\th1:y=\n\tbuild\tx=y\n"
    )
    assert [(c.name, c.version) for c in sbom.from_go(told)] == [
        ("stdlib", "1.26.8"),
        ("k8s.io/api", "v0.36.3"),
        ("k8s.io/utils", "v1.0.0"),
    ]


def test_requirements_and_debian_packages_become_package_urls() -> None:
    lock = f"Ray[default]==2.60.0 \\\n    --hash=sha256:{'b' * 64} \\\n    --hash=sha256:{'a' * 64}\n    # via x\n"
    (ray,) = sbom.from_requirements(lock)
    assert (ray.purl, ray.hashes) == ("pkg:pypi/ray@2.60.0", ("a" * 64, "b" * 64))
    (libc,) = sbom.from_dpkg("libc6 2.36-9+deb12u14 amd64\n")
    assert libc.purl == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64"
