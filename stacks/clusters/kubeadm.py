"""Resources that make Kubernetes nodes of hosts reached over SSH: local ones and rented ones alike."""

import base64
import hashlib
from typing import Any

import yaml
from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import DiffResult, UpdateResult
from pulumi.dynamic import Resource as DynamicResource
from pulumi.runtime.rpc import UNKNOWN

import catalog
from catalog.build import binary
from hosts import certificates
from hosts import cluster as running_cluster
from hosts.errors import HostError
from hosts.provision import join_worker, make_control_plane, provision
from hosts.spec import ControlPlaneConfig, Host, NodeConfig
from stacks.clusters.lasting import lasts
from stacks.clusters.settling import Provider

NODE_BINARIES = ("containerd", "containerd-shim-runc-v2", "ctr", "kubelet", "kubeadm", "kubectl")
CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap")


def _versions() -> dict[str, str]:
    """What a node runs, by version: a new version in the catalog makes the next `up` bring it to the hosts."""
    lock = catalog.load()
    return {name: lock.version(name) for name in (*NODE_BINARIES, *CNI_PLUGINS)}


def node_config(record: dict[str, Any]) -> NodeConfig:
    """The node that a resource's `node` property describes, with the catalog's binaries on this machine."""
    # The engine knows no whole numbers.
    whole: dict[str, Any] = {key: int(value) if isinstance(value, float) else value for key, value in record.items()}
    return NodeConfig(
        **whole,
        binaries={name: str(binary(name)) for name in NODE_BINARIES},
        cni_plugins={name: str(binary(name)) for name in CNI_PLUGINS},
    )


class _HostProvider(Provider):
    def identity(self, inputs: dict[str, Any]) -> str:
        return str(inputs["host"]["name"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        provision(Host(**inputs["host"]), node_config(inputs["node"]))
        return {}


class ProvisionedHost(DynamicResource, module="kubeadm", name="Host"):
    """A host with container runtime, pod network and kubelet, ready to join."""

    def __init__(
        self, name: str, host: dict[str, Input[Any]], node: dict[str, Any], opts: ResourceOptions | None = None
    ) -> None:
        super().__init__(_HostProvider(), name, {"host": host, "node": node, "versions": _versions()}, opts)


class _ControlPlaneProvider(_HostProvider):
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compares as others do. Raises HostError as `update` does, so that a preview says what `up` would."""
        if all(isinstance(value, str) and value != UNKNOWN for value in _news["host"].values()):
            _refuse_fixed(_olds, _news)
        return super().diff(_id, _olds, _news)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Settles the new inputs. Raises HostError for settings that kubeadm fixes when it makes a cluster."""
        _refuse_fixed(_olds, _news)
        return super().update(_id, _olds, _news)

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        host = Host(**inputs["host"])
        cluster = {**inputs["cluster"], "eviction_seconds": int(inputs["cluster"]["eviction_seconds"])}
        make_control_plane(host, node_config(inputs["node"]), ControlPlaneConfig(**cluster))
        # Before the wait: an API server whose certificates have ended is never ready.
        certificates.renew(host)
        running_cluster.wait_ready(host.address)
        kubeconfig = running_cluster.kubeconfig(host)
        return {"kubeconfig": kubeconfig, "identifier": identifier(kubeconfig)}

    def holds(self, outputs: dict[str, Any]) -> bool:
        return lasts(str(outputs["kubeconfig"]), outputs["host"]["address"])

    def live(self, inputs: dict[str, Any]) -> bool:
        return running_cluster.ready(inputs["host"]["address"])


def _refuse_fixed(olds: dict[str, Any], news: dict[str, Any]) -> None:
    fixed = [key for key, value in news["cluster"].items() if olds["cluster"].get(key) != value]
    if fixed and running_cluster.initialised(Host(**news["host"])):
        raise HostError(
            f"{', '.join(fixed)} of a cluster can't be changed while it runs: `cairn down`, then `cairn up` with "
            "the new settings; or `cairn up --unset cluster.KEY`, which takes one back and keeps the cluster"
        )


def identifier(kubeconfig: str) -> str:
    """What tells one cluster from another for as long as it lives: a digest of its certificate authority."""
    authority = yaml.safe_load(kubeconfig)["clusters"][0]["cluster"]["certificate-authority-data"]
    return hashlib.sha256(base64.b64decode(authority)).hexdigest()[:16]


class ControlPlane(DynamicResource, module="kubeadm", name="ControlPlane"):
    """A host made the control plane by `kubeadm init`; `kubeconfig` is its administrator's, a secret."""

    kubeconfig: Output[str]
    identifier: Output[str]

    def __init__(
        self,
        name: str,
        *,
        host: dict[str, Input[Any]],
        node: dict[str, Any],
        cluster: dict[str, Any],
        opts: ResourceOptions,
    ) -> None:
        props = {
            "host": host,
            "node": node,
            "cluster": cluster,
            "versions": _versions(),
            "kubeconfig": None,
            "identifier": None,
        }
        secrets = ResourceOptions(additional_secret_outputs=["kubeconfig"])
        super().__init__(_ControlPlaneProvider(), name, props, ResourceOptions.merge(opts, secrets))


class _WorkerProvider(Provider):
    replace_on = ("control_plane",)

    def identity(self, inputs: dict[str, Any]) -> str:
        return str(inputs["host"]["name"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        host, control_plane = Host(**inputs["host"]), Host(**inputs["control_plane"])
        if not running_cluster.initialised(host):
            join_worker(host, node_config(inputs["node"]), running_cluster.make_join(control_plane))
        running_cluster.wait_node_ready(control_plane, host.name)
        return {}

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        running_cluster.remove_worker(Host(**_props["control_plane"]), _id)


class Worker(DynamicResource, module="kubeadm", name="Worker"):
    """A provisioned host's membership in a cluster: joined on create, drained and removed on delete."""

    def __init__(
        self,
        name: str,
        *,
        host: dict[str, Input[Any]],
        node: dict[str, Any],
        control_plane: dict[str, Input[Any]],
        opts: ResourceOptions,
    ) -> None:
        props = {"host": host, "node": node, "control_plane": control_plane}
        super().__init__(_WorkerProvider(), name, props, opts)
