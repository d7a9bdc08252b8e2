import json
import os
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from jinja2 import UndefinedError

from hosts.deploys.kubeadm import SHARES, WEIGHT
from hosts.deploys.kubelet import reserved_processes
from hosts.deploys.templates import render
from hosts.facts.kernel import ProcessNumbers
from hosts.spec import ControlPlaneConfig, Join, NodeConfig

NODE = NodeConfig("n", "10.89.0.11", "10.244.0.0/24", "10.244.0.0/16", {}, {}, "registry.k8s.io/pause:3")
CLUSTER = ControlPlaneConfig(
    "v1.36.3",
    "registry.example/etcd-dev/etcd:v3.7.1",
    "docker.io/coredns/coredns:1.14.7",
    "10.244.0.0/16",
    "10.96.0.0/16",
    eviction_seconds=10,
)


def kubelet(**settings: int) -> dict[str, object]:
    """A node's kubelet configuration with these settings and no others."""
    names = ("reserved_cpu_millis", "reserved_memory_bytes", "processes_per_pod", "reserved_processes")
    found: dict[str, object] = yaml.safe_load(render("kubelet.yaml.j2", **(dict.fromkeys(names, 0) | settings)))
    return found


def documents(text: str) -> dict[str, dict[str, object]]:
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def test_containerd_is_told_the_sandbox_image_and_where_registries_are_described() -> None:
    config = tomllib.loads(render("containerd.toml.j2", sandbox_image="registry.k8s.io/pause:3"))
    images = config["plugins"]["io.containerd.cri.v1.images"]
    assert images["pinned_images"]["sandbox"] == "registry.k8s.io/pause:3"
    assert images["registry"]["config_path"] == "/etc/containerd/certs.d"


def test_a_registry_is_served_from_one_path_and_nowhere_else() -> None:
    url = "http://10.89.0.2:5000/v2/quay.io"
    config = tomllib.loads(render("hosts.toml.j2", registry="quay.io", url=url))
    assert config["server"] == url
    assert config["host"] == {url: {"capabilities": ["pull", "resolve"], "override_path": True}}


def test_pods_of_a_node_get_addresses_of_its_own_subnet() -> None:
    network = json.loads(render("cni.conflist.j2", pod_subnet="10.244.3.0/24"))
    assert network["plugins"][0]["ipam"]["ranges"] == [[{"subnet": "10.244.3.0/24"}]]


def test_a_node_routes_to_each_of_its_peers() -> None:
    script = render(
        "routes.sh.j2", peers={"10.244.1.0/24": "10.89.0.21"}, pod_subnet="10.244.0.0/24", pod_range="10.244.0.0/16"
    )
    assert "ip route add 10.244.1.0/24 via 10.89.0.21 proto 89" in script


def test_kubelet_reserves_what_the_budget_leaves_out() -> None:
    config = kubelet(reserved_cpu_millis=1000, reserved_memory_bytes=4096)
    assert config["systemReserved"] == {"cpu": "1000m", "memory": "4096"}


def test_what_pods_may_start_is_bounded_each_and_together() -> None:
    config = kubelet(processes_per_pod=4096, reserved_processes=reserved_processes(32_768, 8192))
    assert config["podPidsLimit"] == 4096
    assert config["systemReserved"]["pid"] == "24576"  # type: ignore[index]
    assert config["enforceNodeAllocatable"] == ["pods"]
    assert "podPidsLimit" not in kubelet()
    assert reserved_processes(32_768, 0) == 0


def test_a_hosts_room_for_processes_is_the_lower_of_its_two_bounds() -> None:
    assert ProcessNumbers().process(["4194304", "188000"]) == 188_000


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_only_what_the_node_itself_brings_counts_for_more(tmp_path: Path, version: str) -> None:
    setting = "cpu.shares" if version == "v1" else "cpu.weight"
    if version == "v2":
        (tmp_path / "cgroup.controllers").touch()
    above = tmp_path / ("cpu" if version == "v1" else ".") / "kubepods.slice/kubepods-burstable.slice"
    static, settled, other = (above / f"kubepods-burstable-pod{uid}.slice" for uid in ("a" * 32, "b" * 32, "1_2_3_4"))
    for pod, value in ((static, 102), (settled, SHARES if version == "v1" else WEIGHT), (other, 819)):
        pod.mkdir(parents=True)
        (pod / setting).write_text(f"{value}\n")
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n')
    program.chmod(0o755)
    text = render("weight.sh.j2", millis=4000, shares=SHARES, weight=WEIGHT).replace("/sys/fs/cgroup", str(tmp_path))
    subprocess.run(["sh", "-c", text], check=True, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    expected = f"CPUShares={SHARES}" if version == "v1" else f"CPUWeight={WEIGHT}"
    assert (tmp_path / "asked").read_text() == f"set-property --runtime {static.name} {expected}\n"


def test_kubeadm_gets_the_catalogs_versions_and_the_profiles_ranges() -> None:
    cluster = documents(render("kubeadm-init.yaml.j2", node=NODE, cluster=CLUSTER))["ClusterConfiguration"]
    assert cluster["kubernetesVersion"] == "v1.36.3"
    assert cluster["etcd"] == {"local": {"imageRepository": "registry.example/etcd-dev", "imageTag": "v3.7.1"}}
    assert cluster["networking"] == {"podSubnet": "10.244.0.0/16", "serviceSubnet": "10.96.0.0/16"}


def test_pods_leave_a_lost_node_after_the_profiles_time() -> None:
    cluster = documents(render("kubeadm-init.yaml.j2", node=NODE, cluster=CLUSTER))["ClusterConfiguration"]
    arguments = {argument["name"]: argument["value"] for argument in cluster["apiServer"]["extraArgs"]}  # type: ignore[index]
    assert arguments["default-unreachable-toleration-seconds"] == "10"


def test_a_worker_checks_the_control_planes_certificate() -> None:
    text = render("kubeadm-join.yaml.j2", node=NODE, join=Join("10.89.0.11:6443", "abc.def", "sha256:00"))
    discovery = documents(text)["JoinConfiguration"]["discovery"]
    assert discovery["bootstrapToken"]["caCertHashes"] == ["sha256:00"]  # type: ignore[index]


def test_a_value_that_a_template_misses_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("kubelet.yaml.j2")
