"""What kubeadm does to a provisioned host: making a control plane of it, or joining it to one."""

from pyinfra.api import deploy
from pyinfra.operations import server

from hosts.deploys.systemd_units import text_file, unit
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


SHARES = 4096
"""What each of the control plane's pods counts for under load: as much as a pod that asks for four cores."""
WEIGHT = 1 + (SHARES - 2) * 9999 // 262142
"""The same on cgroup v2, as Kubernetes converts it (KEP-2254)."""


@deploy("Control plane")
def control_plane(node: NodeConfig, cluster: ControlPlaneConfig) -> None:
    """Runs `kubeadm init` unless it was run, sizes CoreDNS for the cluster, and gives the control plane its share."""
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
    program = render("weight.sh.j2", millis=SHARES * 1000 // 1024, shares=SHARES, weight=WEIGHT)
    service = text_file("/etc/systemd/system/cairn-weight.service", render("weight.service.j2"))
    unit("cairn-weight.timer", [text_file("/usr/local/sbin/cairn-weight", program, mode="755"), service])


@deploy("Worker")
def worker(node: NodeConfig, join: Join) -> None:
    """Runs `kubeadm join` unless it was run."""
    config = "/etc/kubernetes/kubeadm-join.yaml"
    text_file(config, render("kubeadm-join.yaml.j2", node=node, join=join), mode="600")
    kubeadm.join(name="kubeadm join", config=config)
