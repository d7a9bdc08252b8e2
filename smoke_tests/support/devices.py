"""Devices: which ones there are, which a pod was promised, and which it finds inside."""

import json
from typing import NamedTuple

from modules.contract.api import Object
from smoke_tests.support.cluster import POD, RESOURCE_CLAIM, RESOURCE_SLICE, Cluster

DRIVER = "gpu.example.com"
"""The DRA example driver; it names a container's devices in GPU_DEVICE_0, GPU_DEVICE_1, ... of its environment."""

REPORT = """
import json, os, re
found = sorted(value for key, value in os.environ.items() if re.fullmatch(r"GPU_DEVICE_\\d+", key))
print(json.dumps({"node": os.environ["NODE_NAME"], "devices": found}))
"""
"""A script that prints the pod's node and devices as one line of JSON."""


class Device(NamedTuple):
    """One device of the cluster; the driver names its pools after the nodes."""

    node: str
    name: str


def offered(cluster: Cluster) -> set[Device]:
    """Every device that the driver publishes."""
    slices = [found["spec"] for found in cluster.find(RESOURCE_SLICE) if found["spec"]["driver"] == DRIVER]
    return {Device(spec["pool"]["name"], device["name"]) for spec in slices for device in spec.get("devices") or []}


def taken(cluster: Cluster) -> set[Device]:
    """Every device that some claim holds."""
    return {device for claim in cluster.find(RESOURCE_CLAIM) for device in _allocated(claim)}


def promised(cluster: Cluster, pod: str, namespace: str) -> set[Device]:
    """The devices of the claim that the scheduler made for a pod that asked by the extended resource's name."""
    found = cluster.get(POD, pod, namespace) or {}
    name = (found.get("status", {}).get("extendedResourceClaimStatus") or {}).get("resourceClaimName")
    claim = cluster.get(RESOURCE_CLAIM, name, namespace) if name else None
    return _allocated(claim) if claim else set()


def reported(printed: str) -> set[Device]:
    """The devices that a pod running REPORT found, from what it printed."""
    report = json.loads(printed.strip().splitlines()[-1])
    return {Device(report["node"], name) for name in report["devices"]}


def _allocated(claim: Object) -> set[Device]:
    results = ((claim.get("status", {}).get("allocation") or {}).get("devices") or {}).get("results") or []
    return {Device(result["pool"], result["device"]) for result in results if result["driver"] == DRIVER}
