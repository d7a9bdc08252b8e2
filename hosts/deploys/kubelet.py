"""kubelet, kubeadm and kubectl on a node."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files

from hosts.deploys.systemd_units import binary_file, text_file, unit
from hosts.deploys.templates import render
from hosts.facts.kernel import ProcessNumbers
from hosts.spec import NodeConfig


def reserved_processes(capacity: int, of_pods: int) -> int:
    """What kubelet must keep back of the host's process numbers so that pods get `of_pods`; 0 for no bound."""
    return max(0, capacity - of_pods) if of_pods else 0


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
        processes_per_pod=node.processes_per_pod,
        reserved_processes=reserved_processes(host.get_fact(ProcessNumbers), node.processes_of_pods),
    )
    sources = [
        binary_file("/usr/local/bin/kubelet", node.binaries["kubelet"]),
        text_file("/etc/kubernetes/kubelet.conf.d/10-cairn.conf", settings),
    ]
    unit("kubelet.service", sources, start=False)
