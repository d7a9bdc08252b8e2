"""The storage module: a default StorageClass whose volumes keep what is written to them."""

from collections.abc import Callable, Iterator

import pytest

from installer.volumes import VolumeProvider, why_it_stays
from modules.contract.api import Object
from smoke_tests.support import pods
from smoke_tests.support.cluster import POD, STORAGE_CLASS, VOLUME, VOLUME_CLAIM, Cluster
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import pod, volume_claim, with_volume

WRITE = "open('/data/kept', 'w').write('still here')"
READ = "print(open('/data/kept').read())"


def test_storage_is_ready(ready: Callable[[str], None]) -> None:
    ready("storage")


def test_there_is_exactly_one_default_storage_class(cluster: Cluster) -> None:
    mark = "storageclass.kubernetes.io/is-default-class"
    classes = cluster.find(STORAGE_CLASS)
    assert len([found for found in classes if found["metadata"].get("annotations", {}).get(mark) == "true"]) == 1


def test_a_volume_outlives_its_pod_and_goes_with_its_claim(cluster: Cluster, team: Team) -> None:
    cluster.create(volume_claim("kept", team.namespace))
    pods.output(cluster, with_volume(pod("writer", team.namespace, WRITE), "kept", "/data"))
    cluster.remove(POD, "writer", team.namespace)

    read = pods.output(cluster, with_volume(pod("reader", team.namespace, READ), "kept", "/data"))
    assert read.strip() == "still here"

    claim = cluster.get(VOLUME_CLAIM, "kept", team.namespace)
    assert claim is not None
    cluster.remove(POD, "reader", team.namespace)
    cluster.remove(VOLUME_CLAIM, "kept", team.namespace)
    volume = claim["spec"]["volumeName"]
    until(lambda: cluster.get(VOLUME, volume) is None, 60, f"volume {volume} to be deleted")


@pytest.fixture
def claim(cluster: Cluster, team: Team, grows: bool) -> Iterator[Object]:
    """A claim that is bound to a volume of a class of its own, of which nothing but the API server knows."""
    name = team.name
    metadata = {"name": name}
    own = {"storageClassName": name, "accessModes": ["ReadWriteOnce"]}
    storage_class = {"provisioner": "cairn.test/nobody", "allowVolumeExpansion": grows}
    cluster.create({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata, **storage_class})
    volume = {**own, "capacity": {"storage": "16Mi"}, "hostPath": {"path": f"/{name}"}}
    cluster.create({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": volume})
    try:
        wanted = volume_claim("data-s-0", team.namespace)
        cluster.create({**wanted, "spec": {**wanted["spec"], **own, "volumeName": name}})
        bound = lambda found: found["status"]["phase"] == "Bound"  # noqa: E731
        yield cluster.wait_for(VOLUME_CLAIM, "data-s-0", team.namespace, bound, 30)
        cluster.remove(VOLUME_CLAIM, "data-s-0", team.namespace)
    finally:
        cluster.remove(VOLUME, name)
        cluster.remove(STORAGE_CLASS, name)


@pytest.mark.parametrize(("grows", "size"), [(True, "32Mi"), (False, "16Mi")])
def test_a_volume_is_made_to_grow_where_its_class_can_and_is_said_to_stay_where_not(
    cluster: Cluster, team: Team, claim: Object, grows: bool, size: str
) -> None:
    props = {"namespace": team.namespace, "claim": "data-s-0", "size": "32Mi", "kubeconfig": cluster.kubeconfig}
    said = why_it_stays(cluster.kubeconfig, team.namespace, "data-s-0", "32Mi")
    assert said == "" if grows else "stays at 16Mi: volumes of the storage class" in said
    VolumeProvider().update("", {}, {**props, "cluster": ""})
    asked = cluster.get(VOLUME_CLAIM, "data-s-0", team.namespace) or claim
    assert asked["spec"]["resources"]["requests"]["storage"] == size
