"""containerd and the CNI plug-ins, as on any kubeadm host."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.facts.deb import DebPackages
from pyinfra.operations import apt

from hosts.deploys.systemd_units import binary_file, text_file, unit
from hosts.deploys.templates import render
from hosts.spec import NodeConfig

PACKAGES = ["ca-certificates", "conntrack", "ethtool", "iproute2", "iptables", "kmod", "runc", "socat"]


@deploy("Container runtime")
def container_runtime(node: NodeConfig) -> None:
    """Installs containerd and runs it; restarts it when its configuration or a binary changed."""
    # Only a host that lacks one needs package lists at all.
    missing = set(PACKAGES) - set(host.get_fact(DebPackages))
    apt.packages(name="Packages that containerd and kubelet call", packages=PACKAGES, update=bool(missing))
    sources = [
        binary_file(f"/usr/local/bin/{name}", node.binaries[name])
        for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    ]
    for name, path in node.cni_plugins.items():
        binary_file(f"/opt/cni/bin/{name}", path)
    config = render("containerd.toml.j2", sandbox_image=node.sandbox_image)
    sources.append(text_file("/etc/containerd/config.toml", config))
    # containerd reads these anew at every pull.
    for registry, url in node.registries.items():
        text_file(f"/etc/containerd/certs.d/{registry}/hosts.toml", render("hosts.toml.j2", registry=registry, url=url))
    unit("containerd.service", sources)
