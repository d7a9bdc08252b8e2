from catalog.items import all_items, without
from catalog.schema import load
from modules.registry import catalog_items
from profiles.load import load as load_profile


def test_leaving_nothing_out_leaves_everything() -> None:
    assert without(load(), []) == [str(item) for item in all_items(load())]


def test_what_only_the_items_left_out_are_made_of_is_left_out_too() -> None:
    kept = without(load(), ["images/ray", "manifests/kuberay", "images/kuberay-operator"])
    gone = {str(item) for item in all_items(load())} - set(kept)
    assert gone == {"images/ray", "manifests/kuberay", "images/kuberay-operator", "binaries/kuberay"}


def test_a_profile_without_a_module_needs_nothing_of_it_and_all_that_nodes_need() -> None:
    needed = catalog_items(load_profile("mini", {"modules.ray": None}))
    assert not [item for item in needed if "ray" in item]
    assert {"binaries/containerd", "binaries/registry", "debian/node", "images/kube-proxy", "charts/kueue"} <= set(
        needed
    )
