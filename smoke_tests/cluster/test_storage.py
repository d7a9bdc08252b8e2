"""The storage module: a default StorageClass whose volumes keep what is written to them."""

from collections.abc import Callable

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
