"""Readiness of services, storage, quotas, tokens and definitions."""

import time
from collections.abc import Callable

from plugins.kubernetes import quantities
from plugins.kubernetes.awaiting.readiness import READY, Lister, Readiness, failed, waiting
from plugins.kubernetes.errors import Object
from plugins.kubernetes.objects import conditions, get, name_of, namespace_of

# Endpoints come one by one while pods start: a Service is ready when they have not changed for so long, in seconds.
ENDPOINTS_STEADY = 10.0


class Service:
    """A Service targets pods, steadily, and a load balancer has its address; headless and external ones don't wait."""

    def __init__(self, steady: float = ENDPOINTS_STEADY, now: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._now = now
        self._endpoints: frozenset[str] = frozenset()
        self._since = now()

    def __call__(self, obj: Object, lister: Lister) -> Readiness:
        """Look once."""
        kind = get(obj, "spec", "type", default="ClusterIP")
        if kind == "LoadBalancer" and not get(obj, "status", "loadBalancer", "ingress"):
            return waiting("the Service was not allocated an IP address; does your cluster support load balancers?")
        if kind == "ExternalName" or get(obj, "spec", "clusterIP") == "None":
            return READY
        endpoints = self._read(obj, lister)
        if endpoints != self._endpoints:
            self._endpoints, self._since = endpoints, self._now()
        if not endpoints:
            return waiting(
                "the Service does not target any Pods: selected Pods may not be ready, "
                "or field `spec.selector` may not match labels on any Pods"
            )
        if self._now() - self._since < self._steady:
            return waiting("endpoints are changing")
        return READY

    def _read(self, obj: Object, lister: Lister) -> frozenset[str]:
        slices = lister(
            "discovery.k8s.io/v1", "EndpointSlice", namespace_of(obj), f"kubernetes.io/service-name={name_of(obj)}"
        )
        return frozenset(
            address
            for item in slices
            for endpoint in item.get("endpoints") or []
            if get(endpoint, "conditions", "ready", default=True) is not False
            for address in endpoint.get("addresses") or []
        )


def ingress(obj: Object, _: Lister) -> Readiness:
    """An Ingress has its address."""
    if get(obj, "status", "loadBalancer", "ingress"):
        return READY
    return waiting("the Ingress was not allocated an address; is there an Ingress controller?")


def persistent_volume(obj: Object, _: Lister) -> Readiness:
    """A volume is available or bound."""
    phase = get(obj, "status", "phase")
    return READY if phase in ("Available", "Bound") else waiting(f"the volume is {phase or 'not seen yet'}")


def persistent_volume_claim(obj: Object, lister: Lister) -> Readiness:
    """A claim is bound, or pending where its class waits for the first pod that uses it."""
    phase = get(obj, "status", "phase")
    if phase == "Bound":
        return READY
    if phase == "Pending" and _waits_for_consumer(obj, lister):
        return READY
    return waiting(f"the claim is {phase or 'not seen yet'}")


def _waits_for_consumer(obj: Object, lister: Lister) -> bool:
    name = get(obj, "spec", "storageClassName")
    return any(
        name_of(storage_class) == name and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        for storage_class in lister("storage.k8s.io/v1", "StorageClass", "", "")
    )


def resource_quota(obj: Object, _: Lister) -> Readiness:
    """The quota controller has taken up the limits."""
    wanted, seen = get(obj, "spec", "hard", default={}), get(obj, "status", "hard", default={})
    same = wanted.keys() == seen.keys() and all(quantities.same(seen[key], wanted[key]) for key in wanted)
    return READY if same else waiting("the quota controller has not seen the limits yet")


def secret(obj: Object, _: Lister) -> Readiness:
    """A service account's token has been filled in; any other Secret is ready."""
    if obj.get("type") != "kubernetes.io/service-account-token" or obj.get("data"):
        return READY
    return waiting("the token has not been filled in")


def custom_resource_definition(obj: Object, _: Lister) -> Readiness:
    """The definition's kind is served."""
    known = conditions(obj)
    if get(known, "NamesAccepted", "status") == "False":
        return failed(f"its names are not accepted: {known['NamesAccepted'].get('message', '')}")
    return READY if get(known, "Established", "status") == "True" else waiting("the kind is not served yet")
