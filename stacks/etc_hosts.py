"""The names that this machine's /etc/hosts has for an environment, as a resource."""

from collections.abc import Sequence
from typing import Any

from pulumi.dynamic import Resource as DynamicResource

from hosts.local import etc_hosts
from hosts.local.plan import Network
from stacks.clusters.settling import Provider


class EtcHostsProvider(Provider):
    """Pickled by reference, so it must stay importable as `stacks.etc_hosts.EtcHostsProvider`."""

    def identity(self, inputs: dict[str, Any]) -> str:
        """The environment's name."""
        return str(inputs["environment"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Put the names there, and no others of this environment."""
        etc_hosts.write(Network(inputs["environment"]), inputs["address"], inputs["names"])
        return {}

    def live(self, inputs: dict[str, Any]) -> bool:
        """Whether they are there."""
        return etc_hosts.present(Network(inputs["environment"]), inputs["address"], inputs["names"])

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Take them out."""
        etc_hosts.remove(Network(_props["environment"]))


class EtcHosts(DynamicResource, module="local", name="EtcHosts"):
    """Lines for `names` at `address`. Not deleted with the cluster: the file outlives that."""

    def __init__(self, environment: str, address: str, names: Sequence[str]) -> None:
        props = {"environment": environment, "address": address, "names": list(names)}
        super().__init__(EtcHostsProvider(), "etc-hosts", props)
