"""kubelet, kubeadm and kubectl on a node."""

from pyinfra.api import deploy
from pyinfra.operations import files

from hosts.deploys.systemd_units import binary_file, text_file, unit
from hosts.deploys.templates import render
from hosts.spec import NodeConfig


@deploy("kubelet")
def kubelet(node: NodeConfig) -> None:
    """Installs kubelet as a unit that starts once kubeadm has configured it, with the node's own settings on top."""
    for name in ("kubeadm", "kubectl"):
        binary_file(f"/usr/local/bin/{name}", node.binaries[name])
    files.directory(name="Static pods", path="/etc/kubernetes/manifests")
    settings = render(
        "kubelet.yaml.j2",
        reserved_cpu_millis=node.reserved_cpu_millis,
        reserved_memory_bytes=node.reserved_memory_bytes,
    )
    sources = [
        binary_file("/usr/local/bin/kubelet", node.binaries["kubelet"]),
        text_file("/etc/kubernetes/kubelet.conf.d/10-cairn.conf", settings),
    ]
    unit("kubelet.service", sources, start=False)
