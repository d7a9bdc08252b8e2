"""What kubeadm does to a provisioned host: making a control plane of it, or joining it to one."""

from pyinfra.api import deploy
from pyinfra.operations import server

from hosts.deploys.systemd_units import text_file
from hosts.deploys.templates import render
from hosts.operations import kubeadm
from hosts.spec import ControlPlaneConfig, Join, NodeConfig

# Requests of the control plane's pods: what they use when idle on two cores, not kubeadm's for big clusters.
REQUESTS = {
    "kube-apiserver": ("100m", "256Mi"),
    "kube-controller-manager": ("25m", "64Mi"),
    "kube-scheduler": ("25m", "32Mi"),
    "etcd": ("50m", "64Mi"),
}

COREDNS_PATCH = (
    '{"spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"coredns",'
    '"resources":{"requests":{"cpu":"20m","memory":"32Mi"}}}]}}}}'
)


@deploy("Control plane")
def control_plane(node: NodeConfig, cluster: ControlPlaneConfig) -> None:
    """Runs `kubeadm init` unless it was run, and sizes CoreDNS for the cluster."""
    for component, (cpu, memory) in REQUESTS.items():
        patch = render("static-pod-requests.json.j2", component=component, cpu=cpu, memory=memory)
        text_file(f"/etc/kubernetes/patches/{component}+strategic.json", patch)
    config = "/etc/kubernetes/kubeadm-init.yaml"
    text_file(config, render("kubeadm-init.yaml.j2", node=node, cluster=cluster), mode="600")
    made = kubeadm.init(name="kubeadm init", config=config)
    server.shell(
        name="CoreDNS fits the cluster",
        commands=[
            "kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace kube-system "
            f"patch deployment coredns --patch '{COREDNS_PATCH}'"
        ],
        _if=made.did_change,
    )


@deploy("Worker")
def worker(node: NodeConfig, join: Join) -> None:
    """Runs `kubeadm join` unless it was run."""
    config = "/etc/kubernetes/kubeadm-join.yaml"
    text_file(config, render("kubeadm-join.yaml.j2", node=node, join=join), mode="600")
    kubeadm.join(name="kubeadm join", config=config)
