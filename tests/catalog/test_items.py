import pytest

from catalog.errors import CatalogError
from catalog.items import Item, all_items, dependencies, key, order, select
from catalog.schema import load
from catalog.supply import Supply

from .conftest import MakeCatalog

CATALOG = load()


@pytest.mark.parametrize("supply", Supply)
def test_every_item_comes_after_all_that_it_depends_on(supply: Supply) -> None:
    ordered = order(CATALOG, all_items(CATALOG), supply)
    assert sorted(ordered) == sorted(all_items(CATALOG))
    for item in ordered:
        assert all(ordered.index(needed) < ordered.index(item) for needed in dependencies(CATALOG, item, supply))


def test_a_name_means_every_item_that_has_it_and_a_program_its_module() -> None:
    assert select(CATALOG, ["kueue"]) == [Item("binaries", "kueue"), Item("charts", "kueue"), Item("images", "kueue")]
    assert select(CATALOG, ["kubelet"]) == [Item("binaries", "kubernetes")]
    assert select(CATALOG, ["images/ray"]) == [Item("images", "ray")]


def test_an_unknown_item_is_refused() -> None:
    with pytest.raises(CatalogError, match="nope: no such item"):
        select(CATALOG, ["nope"])


def test_a_source_image_needs_its_parts_and_an_upstream_image_only_the_tools_to_copy_it() -> None:
    image = Item("images", "kube-proxy")
    assert Item("debian", "netfilter") in dependencies(CATALOG, image, Supply.SOURCE)
    assert {needed.name for needed in dependencies(CATALOG, image, Supply.UPSTREAM)} == {"crane", "registry"}


def test_an_image_that_nobody_publishes_is_made_here_under_both_supplies() -> None:
    own = [name for name, image in CATALOG.images.items() if image.own]
    assert own
    for name in own:
        image = Item("images", name)
        assert dependencies(CATALOG, image, Supply.UPSTREAM) == dependencies(CATALOG, image, Supply.SOURCE)
        host = CATALOG.image(name).partition("/")[0]
        assert host in CATALOG.registries()
        assert host not in CATALOG.published_registries()


@pytest.mark.parametrize("supply", Supply)
def test_the_two_supplies_never_share_a_built_entry(supply: Supply) -> None:
    other = Supply.UPSTREAM if supply is Supply.SOURCE else Supply.SOURCE
    for item in all_items(CATALOG):
        same = key(CATALOG, item, supply) == key(CATALOG, item, other)
        ours = item.kind in ("tools", "debian") or (item.kind == "images" and CATALOG.images[item.name].own)
        assert same == ours


def test_the_key_of_a_program_follows_its_lock_its_stamps_and_its_version(make_catalog: MakeCatalog) -> None:
    hello = Item("binaries", "hello")
    catalog = make_catalog()
    keys = [key(catalog, hello, Supply.SOURCE)]
    (catalog.root / "go/hello/go.sum").write_text("example.com/other v1.0.0 h1:x\n")
    keys.append(key(catalog, hello, Supply.SOURCE))
    changes: list[dict[str, object]] = [
        {"stamps": {}},
        {"version": "v1.2.4"},
        {"programs": {"hello": {"package": "example.com/hello/x"}}},
    ]
    for change in changes:
        entry = catalog.binaries["hello"].model_dump(mode="json") | change
        keys.append(key(make_catalog(binaries={"hello": entry}), hello, Supply.SOURCE))
    assert len(set(keys)) == len(keys)


def test_the_key_of_an_image_follows_its_parts_and_not_our_estimate_of_its_size(make_catalog: MakeCatalog) -> None:
    image, catalog = Item("images", "hello"), make_catalog()
    first = key(catalog, image, Supply.SOURCE)
    roomier = catalog.images["hello"].model_dump(mode="json") | {"space_mib": 999}
    assert key(make_catalog(images={"hello": roomier}), image, Supply.SOURCE) == first
    (catalog.root / "go/hello/go.sum").write_text("example.com/other v1.0.0 h1:x\n")
    assert key(catalog, image, Supply.SOURCE) != first
