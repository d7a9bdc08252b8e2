from typing import Any

import pulumi
import pytest

from modules import volumes
from modules.api import ApiError, Object
from modules.server import server
from modules.volumes import claims, settle_size

CLAIM = "/api/v1/namespaces/object-store/persistentvolumeclaims/data-object-store-0"
CLASS = "/apis/storage.k8s.io/v1/storageclasses/"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> dict[str, Object]:
    """The objects of a cluster, by path; what is put there can be read back."""
    objects: dict[str, Object] = {
        f"{CLASS}local-path": {},
        f"{CLASS}cloud": {"allowVolumeExpansion": True},
        CLAIM: claim("10Gi", "local-path"),
    }

    def request(_: Any, method: str, path: str, body: Object | None = None, **__: Any) -> Object:
        if method == "PUT":
            assert body
            objects[path] = body
        if path not in objects:
            raise ApiError(404, "not found")
        return objects[path]

    monkeypatch.setattr(volumes, "request", request)
    return objects


def claim(size: str, storage_class: str) -> Object:
    return {"spec": {"storageClassName": storage_class, "resources": {"requests": {"storage": size}}}}


def settled(size: str, change: bool = True) -> tuple[object, str]:
    return settle_size(None, "object-store", "data-object-store-0", size, change) or (None, "")


def test_a_servers_claim_is_named_as_the_cluster_names_it() -> None:
    assert claims(server("object-store", "object-store", "10Gi", {})) == {"data-object-store-0": "10Gi"}
    assert claims({"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {}}) == {}


def test_a_volume_grows_where_its_class_can_and_a_preview_only_says_so(cluster: dict[str, Object]) -> None:
    cluster[CLAIM] = claim("10Gi", "cloud")
    for change, size in ((False, "10Gi"), (True, "20Gi")):
        log, text = settled("20Gi", change)
        assert log is pulumi.log.info and "grows from 10Gi to 20Gi" in text
        assert cluster[CLAIM]["spec"]["resources"]["requests"]["storage"] == size
    assert settled("20Gi") == (None, "")


def test_a_volume_of_a_class_that_can_not_grow_stays_with_a_warning_and_nothing_fails(
    cluster: dict[str, Object],
) -> None:
    log, text = settled("20Gi")
    assert log is pulumi.log.warn
    assert "object-store/data-object-store-0 stays at 10Gi, though the profile says 20Gi" in text
    assert "local-path can't" in text
    assert cluster[CLAIM] == claim("10Gi", "local-path")


def test_no_volume_shrinks(cluster: dict[str, Object]) -> None:
    cluster[CLAIM] = claim("10Gi", "cloud")
    log, text = settled("5Gi")
    assert log is pulumi.log.warn and "no volume can shrink" in text
    assert cluster[CLAIM] == claim("10Gi", "cloud")


def test_the_same_size_in_other_words_and_a_claim_that_is_not_there_need_no_word(cluster: dict[str, Object]) -> None:
    assert settled("10240Mi") == (None, "")
    del cluster[CLAIM]
    assert settled("20Gi") == (None, "")
