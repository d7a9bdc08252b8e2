from catalog.items import all_items, order, select, without
from catalog.schema import Catalog, load
from catalog.supply import Supply
from modules.registry import catalog_items
from profiles.load import load as load_profile


def made(catalog: Catalog, names: list[str], supply: Supply) -> set[str]:
    return {str(item) for item in order(catalog, select(catalog, names), supply)}


def test_leaving_nothing_out_leaves_everything() -> None:
    assert made(load(), without(load(), []), Supply.SOURCE) == {str(item) for item in all_items(load())}


def test_what_only_the_items_left_out_are_made_of_is_left_out_too() -> None:
    kept = without(load(), ["images/ray", "manifests/kuberay", "images/kuberay-operator"])
    gone = {str(item) for item in all_items(load())} - made(load(), kept, Supply.SOURCE)
    assert gone == {"images/ray", "manifests/kuberay", "images/kuberay-operator", "binaries/kuberay"}


def test_a_profile_without_a_module_needs_nothing_of_it_and_all_that_nodes_need() -> None:
    needed = catalog_items(load_profile("mini", {"modules.ray": None}))
    assert not [item for item in needed if "ray" in item]
    assert {"binaries/containerd", "binaries/registry", "debian/node", "images/kube-proxy", "charts/kueue"} <= set(
        needed
    )


def test_under_upstream_nothing_is_made_of_which_only_images_are_made_that_are_copied() -> None:
    needed = made(load(), catalog_items(load_profile("mini")), Supply.UPSTREAM)
    assert not needed & {"debian/python", "debian/netfilter", "binaries/kueue", "binaries/coredns", "binaries/etcd"}
    assert {"debian/node", "binaries/kubernetes", "images/kube-proxy", "images/etcd"} <= needed
    # Nobody publishes these, so they are put together here all the same.
    assert "debian/torch" in made(load(), catalog_items(load_profile("laptop")), Supply.UPSTREAM)
