"""The bridge network of a node's pods, and routes to the pods of the other nodes."""

from pyinfra.api import deploy
from pyinfra.operations import server

from hosts.deploys.systemd_units import text_file, unit
from hosts.deploys.templates import render
from hosts.spec import NodeConfig


@deploy("Pod network")
def pod_network(node: NodeConfig) -> None:
    """Writes the CNI configuration and a unit that sets routes and masquerading at every boot."""
    server.sysctl(name="Nodes forward between pods", key="net.ipv4.ip_forward", value=1, persist=True)
    text_file("/etc/cni/net.d/10-cairn.conflist", render("cni.conflist.j2", pod_subnet=node.pod_subnet))
    script = render("routes.sh.j2", peers=node.peers, pod_subnet=node.pod_subnet, pod_range=node.pod_range)
    unit("cairn-routes.service", [text_file("/usr/local/sbin/cairn-routes", script, mode="755")])
