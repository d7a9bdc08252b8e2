from typing import Any

from modules.cluster.devices import accelerators, kinds
from modules.contract.api import connect
from tests.fake_api import FakeApi

SLICES = "/apis/resource.k8s.io/v1/resourceslices"


def slice_of(driver: str, node: str, count: int) -> dict[str, Any]:
    return {"spec": {"driver": driver, "nodeName": node, "devices": [{"name": f"d{i}"} for i in range(count)]}}


def node(name: str, **allocatable: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"allocatable": allocatable}}


def test_devices_are_called_simulated_or_real_by_their_driver(api: FakeApi) -> None:
    slices = [slice_of("gpu.example.com", "one", 2), slice_of("gpu.nvidia.com", "two", 4)]
    api.objects[SLICES] = {"items": [*slices, slice_of("gpu.example.com", "one", 1)]}
    found = accelerators(connect(api.kubeconfig), [node("one"), node("two", **{"nvidia.com/gpu": "4"})])
    assert found == {"one": {"SIMULATED": 3}, "two": {"REAL": 4}}
    assert kinds(found.values()) == "SIMULATED and REAL"


def test_devices_that_are_no_gpus_are_not_counted(api: FakeApi) -> None:
    api.objects[SLICES] = {"items": [slice_of("net.example.com", "one", 2)]}
    assert accelerators(connect(api.kubeconfig), [node("one")]) == {}


def test_a_device_plugins_gpus_are_real_and_counted_without_slices(api: FakeApi) -> None:
    found = accelerators(connect(api.kubeconfig), [node("one", **{"nvidia.com/gpu": "8"}), node("two")])
    assert found == {"one": {"REAL": 8}}
    assert kinds(found.values()) == "REAL"
    assert kinds([]) == ""
