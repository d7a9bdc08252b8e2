"""What pyinfra made of each node: units, versions, settings, files."""

import json

import pytest
from testinfra.host import Host

import catalog
from hosts.certificates import read
from hosts.renewal import PROGRAM, ends_soon
from hosts.spec import NodeConfig

UNITS = ("containerd", "kubelet", "cairn-routes", "cairn-certificates.timer")


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_runs_and_starts_at_boot(host: Host, unit: str) -> None:
    service = host.service(unit)
    assert service.is_running
    assert service.is_enabled


def test_systemd_has_no_failed_unit(host: Host) -> None:
    assert host.check_output("systemctl list-units --state=failed --plain --no-legend") == ""


@pytest.mark.parametrize(
    ("program", "asking"),
    [("containerd", "containerd --version"), ("kubelet", "kubelet --version"), ("kubeadm", "kubeadm version")],
)
def test_the_program_is_the_catalogs(host: Host, program: str, asking: str) -> None:
    assert catalog.load().version(program) in host.check_output(asking)


def test_the_node_forwards_between_pods(host: Host) -> None:
    assert host.sysctl("net.ipv4.ip_forward") == 1


def test_kubelet_does_not_complain_about_swap(host: Host) -> None:
    assert "swap" not in host.run("journalctl --unit kubelet --priority warning --no-pager").stdout.lower()


def test_pods_get_addresses_of_the_nodes_own_range(host: Host, node: NodeConfig) -> None:
    (file,) = host.file("/etc/cni/net.d").listdir()
    bridge = json.loads(host.file(f"/etc/cni/net.d/{file}").content_string)["plugins"][0]
    assert bridge["ipam"]["ranges"] == [[{"subnet": node.pod_subnet}]]


def test_pods_of_every_other_node_have_a_route(host: Host, node: NodeConfig) -> None:
    routes = host.check_output("ip route")
    for subnet, address in node.peers.items():
        assert f"{subnet} via {address} " in routes


def test_images_come_from_the_environments_own_registry(host: Host, node: NodeConfig) -> None:
    for registry, url in node.registries.items():
        assert url in host.file(f"/etc/containerd/certs.d/{registry}/hosts.toml").content_string


def test_kubelets_credentials_are_roots_alone(host: Host) -> None:
    for path in ("/etc/kubernetes/kubelet.conf", "/etc/ssh/ssh_host_ed25519_key", "/root/.ssh/authorized_keys"):
        assert (host.file(path).user, host.file(path).mode) == ("root", 0o600), path


def test_the_control_planes_credentials_are_roots_alone(control_plane: Host) -> None:
    keys = control_plane.check_output("find /etc/kubernetes/pki -name '*.key'").split()
    assert keys
    for path in ("/etc/kubernetes/admin.conf", "/etc/kubernetes/kubeadm-init.yaml", *keys):
        assert (control_plane.file(path).user, control_plane.file(path).mode) == ("root", 0o600), path


def test_static_pods_are_roots_alone(control_plane: Host) -> None:
    for name in control_plane.file("/etc/kubernetes/manifests").listdir():
        assert control_plane.file(f"/etc/kubernetes/manifests/{name}").mode == 0o600, name


def test_the_node_tells_when_its_certificates_end_and_none_does_soon(host: Host) -> None:
    found = read(host.check_output(f"{PROGRAM} list"))
    assert "/var/lib/kubelet/pki/kubelet-client-current.pem" in [each.file for each in found]
    assert not [each for each in found if ends_soon(each.at)]
