import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from modules.contract.api import connect
from modules.contract.cluster import Cluster
from profiles.load import load
from stacks.clusters.existing import look
from stacks.errors import ClusterError
from tests.fake_api import FakeApi, fake_api

PROFILE = load("laptop")
KUEUE = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusterqueues.kueue.x-k8s.io"
QUEUES = "/apis/kueue.x-k8s.io/v1beta2"
OURS = {"cairn/environment": "laptop"}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as running:
        running.objects["/api/v1/namespaces/kube-system"] = {"metadata": {"uid": "the-cluster"}}
        yield running


def looked(api: FakeApi) -> Cluster:
    return look(connect(api.kubeconfig), api.kubeconfig, "my.kubeconfig", PROFILE, "laptop")


def flavor(name: str = "default") -> dict[str, Any]:
    return {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor", "metadata": {"name": name}}


def test_an_empty_cluster_has_nothing_of_somebody_else(api: FakeApi) -> None:
    cluster = looked(api)
    assert cluster.present == frozenset()
    assert not cluster.is_foreign(flavor())


def test_a_cluster_is_known_by_what_stays_when_its_kubeconfig_changes(api: FakeApi) -> None:
    assert looked(api).identifier == "the-cluster"


def test_a_cluster_that_is_not_cairns_own_is_not_deleted(api: FakeApi) -> None:
    assert looked(api).resource is None


def test_what_somebody_installed_is_found(api: FakeApi) -> None:
    api.objects[KUEUE] = {"status": {"conditions": [{"type": "Established", "status": "True"}]}}
    default = {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}
    api.objects["/apis/storage.k8s.io/v1/storageclasses"] = {"items": [default]}
    assert looked(api).present == {"queueing", "storage"}


def test_what_this_environment_installed_is_not_taken_for_somebody_elses(api: FakeApi) -> None:
    api.objects[KUEUE] = {"status": {"conditions": [{"type": "Established", "status": "True"}]}}
    api.objects["/api/v1/namespaces/kueue-system"] = {"metadata": {"labels": OURS}}
    assert looked(api).present == frozenset()


def test_what_this_environment_installed_into_a_persons_namespace_is_known_by_its_mark(api: FakeApi) -> None:
    api.objects[KUEUE] = {"status": {"conditions": [{"type": "Established", "status": "True"}]}}
    api.objects["/api/v1/namespaces/kueue-system"] = {"metadata": {}}
    assert looked(api).present == {"queueing"}
    api.objects["/api/v1/namespaces/kueue-system/configmaps/cairn"] = {"metadata": {"labels": OURS}}
    assert looked(api).present == frozenset()


def test_a_real_gpu_is_left_to_whoever_offers_it(api: FakeApi) -> None:
    node = {"metadata": {"name": "n"}, "status": {"allocatable": {"nvidia.com/gpu": "8"}}}
    api.objects["/api/v1/nodes"] = {"items": [node]}
    assert looked(api).present == {"accelerators"}


def test_an_object_without_our_label_is_somebody_elses(api: FakeApi) -> None:
    api.objects[QUEUES] = {"resources": [{"kind": "ResourceFlavor", "name": "resourceflavors", "namespaced": False}]}
    api.objects[f"{QUEUES}/resourceflavors/default"] = {"metadata": {"name": "default"}}
    api.objects[f"{QUEUES}/resourceflavors/ours"] = {"metadata": {"name": "ours", "labels": OURS}}
    cluster = looked(api)
    assert cluster.is_foreign(flavor("default"))
    assert not cluster.is_foreign(flavor("ours"))
    assert not cluster.is_foreign(flavor("nothing"))


def test_a_cluster_that_does_not_answer_is_told_quickly() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    start = time.monotonic()
    with pytest.raises(ClusterError, match=r"does not answer.*is my\.kubeconfig its kubeconfig\?"):
        looked(FakeApi(port))
    assert time.monotonic() - start < 2


def test_a_user_that_is_refused_is_told(api: FakeApi) -> None:
    api.refusals["/api/v1/namespaces/kube-system"] = (403, "you may not")
    with pytest.raises(ClusterError, match=r"refuses the user of my\.kubeconfig: you may not"):
        looked(api)


def test_a_cluster_error_is_shown_without_a_traceback() -> None:
    assert ClusterError.user_message


def test_a_team_gets_no_namespace_of_somebody_else_until_it_is_handed_over(api: FakeApi) -> None:
    api.objects["/api/v1"] = {"resources": [{"kind": "Namespace", "name": "namespaces", "namespaced": False}]}
    api.objects["/api/v1/namespaces/team-a"] = {"metadata": {"labels": {"cairn/environment": "another"}}}
    with pytest.raises(ClusterError, match=r"kubectl .* label namespace team-a cairn/environment=laptop"):
        looked(api)
    api.objects["/api/v1/namespaces/team-a"] = {"metadata": {"labels": OURS}}
    assert not looked(api).is_foreign(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}},
    )
