"""Resources for what a local cluster uses of this machine: its bridge and budget, key pairs, and nodes."""

from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pulumi import Input, Output, Resource, ResourceOptions
from pulumi.dynamic import CreateResult, DiffResult
from pulumi.dynamic import Resource as DynamicResource

from hosts.local import bridge, budget, egress, firewall, kernel, registry, teardown
from hosts.local import node as local_node
from hosts.local.budget import Limits
from hosts.local.node import Node
from hosts.local.plan import Network
from stacks.clusters.settling import Provider


class _ClusterProvider(Provider):
    replace_on = ("network",)

    def identity(self, inputs: dict[str, Any]) -> str:
        return str(inputs["network"]["environment"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        network = Network(**inputs["network"])
        bridge.require_free_range(network)
        teardown.record(network)
        kernel.keep()
        kernel.make_room()
        budget.set_budget(network, Limits.from_record(inputs))
        bridge.create(network)
        firewall.open_bridge(network)
        if network.egress:
            egress.open_egress(network)
        registry.up(network)
        return {}

    def live(self, inputs: dict[str, Any]) -> bool:
        network = Network(**inputs["network"])
        return bridge.present(network) and firewall.is_open(network) and registry.running(network)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        teardown.teardown(Network(**_props["network"]).environment)


class LocalCluster(DynamicResource, module="local", name="Cluster"):
    """What all nodes of an environment share on this machine; deleting it ends them all and leaves nothing.

    Protected, as the nodes are: volumes lie on the nodes' disks.
    """

    def __init__(self, name: str, network: dict[str, Any], limits: Limits, opts: ResourceOptions | None = None) -> None:
        props = {"network": network, **asdict(limits)}
        super().__init__(_ClusterProvider(), name, props, ResourceOptions.merge(opts, ResourceOptions(protect=True)))


class _KeyPairProvider(Provider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        made = {"private_key": private.decode(), "public_key": public.decode()}
        return CreateResult(made["public_key"].split()[1][-16:], {**props, **made})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)


class KeyPair(DynamicResource, module="local", name="KeyPair"):
    """An ed25519 key pair in OpenSSH's forms; the private half is a secret in the state."""

    private_key: Output[str]
    public_key: Output[str]

    def __init__(self, name: str, deleted_with: Resource) -> None:
        opts = ResourceOptions(deleted_with=deleted_with, additional_secret_outputs=["private_key"])
        super().__init__(_KeyPairProvider(), name, {"private_key": None, "public_key": None}, opts)


class _NodeProvider(Provider):
    replace_on = ("network", "name", "address", "host_public_key")

    def identity(self, inputs: dict[str, Any]) -> str:
        return str(inputs["name"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        node = Node.from_record(inputs)
        local_node.up(node)
        firewall.require_open(node.network, node.name)
        return {}

    def live(self, inputs: dict[str, Any]) -> bool:
        return local_node.running(Node.from_record(inputs))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        local_node.remove(Node.from_record(_props))


class LocalNode(DynamicResource, module="local", name="Node"):
    """One system container with systemd and sshd; stopped ones are started again by the next `up`."""

    def __init__(
        self,
        name: str,
        *,
        network: dict[str, Any],
        address: str,
        authorized_key: Input[str],
        identity: KeyPair,
        opts: ResourceOptions,
    ) -> None:
        props = {
            "network": network,
            "name": name,
            "address": address,
            "authorized_key": authorized_key,
            "host_key": identity.private_key,
            "host_public_key": identity.public_key,
        }
        super().__init__(_NodeProvider(), name, props, ResourceOptions.merge(opts, ResourceOptions(protect=True)))
