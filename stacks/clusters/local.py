"""A kubeadm cluster of system containers on this machine, every part of it a resource."""

import json
import os
from typing import Any

import psutil
import pulumi
from pulumi import Input, Output, Resource, ResourceOptions

import catalog
from catalog.supply import Supply
from hosts.local.budget import Limits
from hosts.local.plan import REGISTRY_PORT, Network, pod_subnet, worker_name
from modules.registry import node_registries
from profiles.schema import Profile
from stacks.clusters import Cluster
from stacks.clusters.kubeadm import ControlPlane, ProvisionedHost, Worker
from stacks.clusters.local_machine import KeyPair, LocalCluster, LocalNode
from stacks.clusters.node_labels import NodeLabels
from stacks.recorded import or_recorded, outputs

NODE_EVICTION_BYTES = 100 * 1024**2
"""What kubelet keeps free before it evicts (hosts/templates/kubelet.yaml.j2); it comes off a node's allocatable."""
NODE_PROCESSES = 1024
"""What a node's own programs may start, threads counted: systemd, containerd, its shims (ten each) and kubelet."""


def reservation(capacity: int, budget: int, nodes: int) -> int:
    """What each node keeps back so that the allocatable of all `nodes` sums up to the budget."""
    return max(0, capacity - budget // nodes)


def is_same(recorded: dict[str, Any], network: Network, control_plane: str) -> bool:
    """Whether the recorded outputs are of a cluster that an `up` to this network and control plane keeps.

    `control_plane` is its line in a file of known hosts.
    """
    cluster = json.loads(recorded.get("merged_profile") or "{}").get("cluster", {})
    known = {key: cluster.get(key, value) for key, value in network.as_record().items()}
    hosts = (recorded.get("ssh") or {}).get("known_hosts", "")
    return known == network.as_record() and control_plane in hosts.splitlines()


def make(profile: Profile, environment: str, supply: Supply) -> Cluster:
    """The environment's cluster. Both supplies fill the registry on the bridge, so nodes are made alike."""
    del supply
    network = Network(environment, profile.cluster.address_range, profile.cluster.service_range, profile.cluster.egress)
    budget = profile.budget
    limits = Limits(
        cpu_millis=budget.cpu_millis,
        memory_bytes=budget.memory_bytes
        + (budget.system_memory_bytes + NODE_EVICTION_BYTES) * (profile.cluster.workers + 1),
        processes=(budget.processes_per_node + NODE_PROCESSES) * (profile.cluster.workers + 1),
    )
    cluster = LocalCluster("cluster", network=network.as_record(), limits=limits)
    login = KeyPair("login", deleted_with=cluster)
    addresses = {f"{environment}-control-plane": network.control_plane} | {
        worker_name(environment, index): network.worker(index) for index in range(1, profile.cluster.workers + 1)
    }
    subnets = {name: pod_subnet(profile.cluster.pod_range, index) for index, name in enumerate(addresses)}
    lock = catalog.load()
    own = f"http://{network.registry}:{REGISTRY_PORT}/v2"
    registries = {registry: f"{own}/{registry}" for registry in lock.registries()} | node_registries(profile)

    def config(name: str) -> dict[str, Any]:
        nodes = len(addresses)
        memory = psutil.virtual_memory().total - NODE_EVICTION_BYTES
        return {
            "name": name,
            "address": addresses[name],
            "pod_subnet": subnets[name],
            "pod_range": profile.cluster.pod_range,
            "peers": {subnets[peer]: addresses[peer] for peer in addresses if peer != name},
            "sandbox_image": lock.image("pause"),
            "registries": registries,
            "reserved_cpu_millis": reservation((os.cpu_count() or 1) * 1000, budget.cpu_millis, nodes),
            "reserved_memory_bytes": reservation(memory, budget.memory_bytes, nodes),
            "processes_per_pod": budget.processes_per_pod,
            "processes_of_pods": budget.processes_per_node,
        }

    hosts: dict[str, dict[str, Input[Any]]] = {}
    started: dict[str, LocalNode] = {}
    for name, address in addresses.items():
        identity = KeyPair(f"{name}-identity", deleted_with=cluster)
        started[name] = LocalNode(
            name,
            network=network.as_record(),
            address=address,
            authorized_key=login.public_key,
            identity=identity,
            opts=ResourceOptions(depends_on=[cluster], deleted_with=cluster),
        )
        hosts[name] = {
            "name": name,
            "address": address,
            "private_key": login.private_key,
            "host_public_key": identity.public_key,
        }

    first, *others = addresses
    control_plane = ControlPlane(
        "control-plane",
        host=hosts[first],
        node=config(first),
        cluster={
            "kubernetes_version": lock.version("kubelet"),
            "etcd_image": lock.image("etcd"),
            "coredns_image": lock.image("coredns"),
            "pod_range": profile.cluster.pod_range,
            "service_range": profile.cluster.service_range,
            "eviction_seconds": profile.cluster.eviction_seconds,
        },
        opts=ResourceOptions(depends_on=[started[first]], deleted_with=cluster),
    )
    workers: list[Resource] = []
    for name in others:
        prepared = ProvisionedHost(
            f"{name}-host",
            host=hosts[name],
            node=config(name),
            opts=ResourceOptions(depends_on=[started[name]], deleted_with=cluster),
        )
        workers.append(
            Worker(
                f"{name}-membership",
                host=hosts[name],
                node=config(name),
                control_plane=hosts[first],
                opts=ResourceOptions(depends_on=[prepared, control_plane], deleted_with=cluster),
            )
        )

    labelled = [
        NodeLabels(
            f"{environment}-{name}",
            labels,
            hosts[first],
            # Before the node goes, after it has come.
            ResourceOptions(depends_on=[control_plane, *workers], deleted_with=cluster),
        )
        for name, labels in profile.cluster.node_labels.items()
    ]

    def access(found: dict[str, Any]) -> dict[str, Any]:
        keys = found.pop("identities")
        known_hosts = "".join(f"{addresses[name]} {key}\n" for name, key in keys.items())
        nodes = {name: config(name) for name in addresses}
        return {**found, "user": "root", "hosts": addresses, "known_hosts": known_hosts, "nodes": nodes}

    identities = Output.all(**{name: host["host_public_key"] for name, host in hosts.items()})
    ssh: Output[Any] = Output.secret(Output.all(private_key=login.private_key, identities=identities).apply(access))
    pulumi.log.debug(f"{len(addresses)} local nodes on {network.bridge}")
    before = outputs()
    same = Output.all(before, hosts[first]["host_public_key"]).apply(
        lambda found: is_same(found[0], network, f"{addresses[first]} {found[1]}")
    )
    return Cluster(
        kubeconfig=or_recorded(control_plane.kubeconfig, "kubeconfig", before, same),
        identifier=or_recorded(control_plane.identifier, "cluster_identifier", before, same),
        resource=cluster,
        ssh=ssh,
        nodes=[*workers, *labelled],
    )
