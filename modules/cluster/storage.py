"""A default StorageClass for clusters that have none: local-path-provisioner."""

from modules.contract.checks import DefaultStorageClass, RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Offer, Values
from profiles.schema import Profile

NAMESPACE = "local-path-storage"


def _values(profile: Profile) -> Values:
    assert profile.modules.storage is not None
    repository, tag = lock().repository_and_tag("local-path-provisioner")
    helper_repository, helper_tag = lock().repository_and_tag("python")
    return {
        "image": {"repository": repository, "tag": tag},
        "helperImage": {"repository": helper_repository, "tag": helper_tag},
        "nodePathMap": [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [profile.modules.storage.path]}],
        "resources": {"requests": {"cpu": "5m", "memory": "24Mi"}, "limits": {"memory": "128Mi"}},
        "storageClass": {"defaultClass": True},
    }


MODULE = Module(
    name="storage",
    summary="volumes on the nodes' disks, by a default StorageClass",
    namespace=NAMESPACE,
    pod_security="privileged",  # its helper pods mount the node's directory
    chart="local-path-provisioner",
    offers=Offer.VOLUMES,
    images=("local-path-provisioner", "python"),
    values=_values,
    ready=lambda _: (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name="local-path-provisioner"),
        DefaultStorageClass(),
    ),
    foreign=(DefaultStorageClass(),),
)
