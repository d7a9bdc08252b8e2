"""What each module costs: time in `up`, memory of its pods, bytes of its images."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubernetes.client import ApiClient

from catalog.cache import FileRecord, read
from catalog.items import Item, key
from catalog.schema import Catalog
from catalog.schema import load as load_catalog
from catalog.supply import Supply
from modules.contract.api import ApiError, path_of, request
from modules.registry import enabled
from profiles.quantity import amount
from profiles.schema import Profile

CLUSTER = "cluster"
"""Kubernetes itself, and everything else that no module has in its namespace."""

KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd", "coredns", "pause")
"""The images that every node or control plane runs."""


@dataclass(frozen=True)
class Share:
    """One module's part. Modules are worked on side by side, so the seconds add up to more than `up` takes."""

    name: str
    seconds: float
    memory_bytes: int
    image_bytes: int


def measure(profile: Profile, seconds: Mapping[str, float], in_use: int, client: ApiClient) -> list[Share]:
    """The share of the cluster and of each module that is on; `in_use` is what all of it has in memory together."""
    lock = load_catalog()
    of_modules = [
        Share(
            module.name,
            seconds.get(module.name, 0.0),
            memory_of(module.namespace, client) if module.namespace else 0,
            image_bytes(lock, module.images),
        )
        for module in enabled(profile)
    ]
    rest = max(0, in_use - sum(share.memory_bytes for share in of_modules))
    return [Share(CLUSTER, seconds.get(CLUSTER, 0.0), rest, image_bytes(lock, KUBERNETES)), *of_modules]


def memory_of(namespace: str, client: ApiClient) -> int:
    """Bytes in use by a namespace's pods, as metrics-server has them; 0 where it does not answer."""
    try:
        pods = request(client, "GET", path_of("metrics.k8s.io/v1beta1", "pods", namespace=namespace))["items"]
    except ApiError:
        return 0
    return int(sum(amount(container["usage"]["memory"]) for pod in pods for container in pod["containers"]))


def image_bytes(lock: Catalog, images: Iterable[str]) -> int:
    """Bytes of the images' layers in the registry's store, those that several share counted once."""
    blobs: dict[str, FileRecord] = {}
    for image in images:
        for supply in Supply:
            if receipt := read(Item("images", image), key(lock, Item("images", image), supply)):
                blobs |= receipt.blobs
                break
    return sum(record.size for record in blobs.values())
