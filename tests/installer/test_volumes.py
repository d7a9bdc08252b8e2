"""A server's volume grows where its class can, is never replaced, and otherwise says that it stays."""

from typing import Any

import pytest

from installer.volumes import VolumeProvider, claim_of, why_it_stays
from modules.data import object_store
from modules.parts.server import server
from profiles.load import load
from tests.fake_api import FakeApi

CLAIM = "/api/v1/namespaces/n/persistentvolumeclaims/data-s-0"
CLASS = "/apis/storage.k8s.io/v1/storageclasses/standard"


def volume(api: FakeApi, size: str, grows: bool = False) -> dict[str, Any]:
    """A claim of 10Gi, and the properties of a volume that should have `size`."""
    spec = {"storageClassName": "standard", "resources": {"requests": {"storage": "10Gi"}}}
    api.objects[CLAIM] = {"metadata": {"name": "data-s-0"}, "spec": spec}
    api.objects[CLASS] = {"metadata": {"name": "standard"}, "allowVolumeExpansion": grows}
    return {"namespace": "n", "claim": "data-s-0", "size": size, "kubeconfig": api.kubeconfig, "cluster": "c"}


def size(api: FakeApi) -> str:
    return str(api.objects[CLAIM]["spec"]["resources"]["requests"]["storage"])


def test_the_claim_is_the_one_that_the_stateful_set_makes() -> None:
    [made] = [each for each in object_store.MODULE.objects(load("laptop")) if each["kind"] == "StatefulSet"]
    assert claim_of(made) == ("data-object-store-0", "10Gi")
    assert claim_of(server("s", "n", "1Gi", {}) | {"spec": {}}) is None


@pytest.mark.parametrize(
    ("grows", "wanted", "then"), [(True, "20Gi", "20Gi"), (False, "20Gi", "10Gi"), (True, "5Gi", "10Gi")]
)
def test_a_volume_grows_where_its_class_can_and_never_shrinks(
    api: FakeApi, grows: bool, wanted: str, then: str
) -> None:
    props = volume(api, wanted, grows)
    assert VolumeProvider().update("id", {}, props).outs == {key: props[key] for key in props if key != "kubeconfig"}
    assert size(api) == then


@pytest.mark.parametrize(
    ("grows", "wanted", "said"),
    [
        (False, "20Gi", "the volume n/data-s-0 stays at 10Gi: volumes of the storage class standard can't grow"),
        (True, "5Gi", "the volume n/data-s-0 stays at 10Gi: a volume can't become smaller"),
        (True, "20Gi", ""),
        (False, "10240Mi", ""),
    ],
)
def test_what_stays_as_it_is_is_said_beforehand(api: FakeApi, grows: bool, wanted: str, said: str) -> None:
    props = volume(api, wanted, grows)
    why = why_it_stays(*(props[key] for key in ("kubeconfig", "namespace", "claim", "size")))
    assert why.startswith(said)
    assert bool(why) == bool(said)


def test_a_class_that_only_says_that_its_volumes_grow_is_not_believed(api: FakeApi) -> None:
    props = volume(api, "20Gi", grows=True)
    api.objects[CLASS]["provisioner"] = "cluster.local/local-path-provisioner"
    assert "can't grow" in why_it_stays(*(props[key] for key in ("kubeconfig", "namespace", "claim", "size")))
    VolumeProvider().update("id", {}, props)
    assert size(api) == "10Gi"


def test_a_volume_that_is_yet_to_be_made_is_left_to_its_server(api: FakeApi) -> None:
    props = volume(api, "20Gi", grows=True)
    del api.objects[CLAIM]
    assert (VolumeProvider().create(props).outs or {})["size"] == "20Gi"
    assert why_it_stays(*(props[key] for key in ("kubeconfig", "namespace", "claim", "size"))) == ""


def test_only_another_size_or_another_cluster_changes_a_volume(api: FakeApi) -> None:
    props = volume(api, "20Gi")
    for key, changes in (("size", True), ("cluster", True), ("kubeconfig", False)):
        assert VolumeProvider().diff("id", props, {**props, key: "other"}).changes is changes
