import base64
import re
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from cairn.preflight import existing, kernel, machine, network
from cairn.preflight.check import Status
from cairn.preflight.run import downloads, failures
from catalog.schema import load
from hosts.local.plan import Network
from hosts.local.routes import Route
from modules.contract.api import ApiError

GIB = 1024**3
EVERY_CAPABILITY = sum(1 << bit for bit in kernel.CAPABILITIES.values())
PLAN = Network("dev", "10.89.0.0/24")
PODS = "10.244.0.0/16"


def route(link: str, network: str) -> Route:
    return Route(link, IPv4Network(network))


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_macos_and_windows_are_sent_to_a_linux_vm_or_an_existing_cluster(system: str) -> None:
    check = machine.operating_system(system, {})
    assert check.status is Status.FAIL
    assert "Linux VM" in check.fix
    assert "provider=existing" in check.fix


def test_debian_and_its_children_pass_and_others_are_warned() -> None:
    assert machine.operating_system("linux", {"ID": "debian"}).status is Status.PASS
    assert machine.operating_system("linux", {"ID": "mint", "ID_LIKE": "ubuntu debian"}).status is Status.PASS
    assert machine.operating_system("linux", {"ID": "fedora"}).status is Status.WARN


def test_more_cores_than_the_machine_has_fail_with_the_budget_that_fits() -> None:
    check = machine.cores(4000, 2)
    assert check.status is Status.FAIL
    assert check.fix == "cairn up PROFILE --set budget.cpu=2"
    assert machine.cores(2000, 2).status is Status.PASS


def test_more_memory_than_the_machine_has_fails_and_more_than_is_free_warns() -> None:
    assert machine.memory(64 * GIB, 16 * GIB, 8 * GIB).status is Status.FAIL
    assert machine.memory(12 * GIB, 16 * GIB, 8 * GIB).status is Status.WARN
    assert machine.memory(8 * GIB, 16 * GIB, 12 * GIB).status is Status.PASS


def test_a_short_disk_warns_and_a_full_one_fails() -> None:
    assert machine.disk(Path("/x"), 40 * GIB, 30 * GIB).status is Status.PASS
    assert machine.disk(Path("/x"), 10 * GIB, 30 * GIB).status is Status.WARN
    assert machine.disk(Path("/x"), 1 * GIB, 30 * GIB).status is Status.FAIL


def test_the_disk_for_upstream_counts_what_is_downloaded_and_what_each_node_unpacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lock = load()
    one, three = (downloads(lock, ["images/ray"], nodes) for nodes in (1, 3))
    ray = lock.images["ray"].space_mib * 1024**2
    assert one.cache >= ray
    assert one.cache == three.cache
    assert (one.state, three.state) == (machine.RUN_BYTES + ray, machine.RUN_BYTES + 3 * ray)
    # A program is counted as the download that it is, and one that upstream has in its image alone not at all.
    pulumi = lock.binaries["pulumi"]
    assert downloads(lock, ["binaries/pulumi"], 1).cache == pulumi.download_mib * 1024**2 < pulumi.space_mib * 1024**2
    assert downloads(lock, ["binaries/coredns"], 1).cache == 0


def test_root_is_needed_and_the_fix_keeps_the_environment() -> None:
    assert machine.root(0).status is Status.PASS
    assert "sudo" in machine.root(1000).fix


def test_an_old_or_missing_compiler_fails() -> None:
    assert machine.go("go1.26.8\n").status is Status.PASS
    assert machine.go("go1.21-custom").status is Status.FAIL
    assert machine.go(None).status is Status.FAIL


@pytest.mark.parametrize(
    ("output", "status"),
    [("go1.27rc1", Status.PASS), ("devel go1.27-abcdef", Status.PASS), ("gccgo twelve", Status.FAIL)],
)
def test_a_go_that_is_no_release_is_judged_by_the_release_that_it_names(output: str, status: Status) -> None:
    assert machine.go(output).status is status


def test_a_missing_capability_is_named() -> None:
    assert kernel.capabilities(EVERY_CAPABILITY).status is Status.PASS
    check = kernel.capabilities(EVERY_CAPABILITY & ~(1 << 12))
    assert "CAP_NET_ADMIN" in check.found
    assert check.status is Status.FAIL


def test_both_versions_of_cgroups_pass_with_their_controllers(tmp_path: Path) -> None:
    assert kernel.cgroups(tmp_path).status is Status.FAIL
    for controller in ("cpu", "memory", "pids", "cpuset"):
        (tmp_path / controller).mkdir()
    assert kernel.cgroups(tmp_path).found == "v1"
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    check = kernel.cgroups(tmp_path)
    assert check.status is Status.FAIL
    assert check.found == "v2 without cpuset"


def test_netfilter_is_tried_where_it_can_be_and_read_from_the_kernel_elsewhere() -> None:
    assert kernel.netfilter(lambda *_: False, rule_works=True).status is Status.PASS
    assert kernel.netfilter(lambda *_: True, rule_works=None).status is Status.PASS
    check = kernel.netfilter(lambda _, module: module != "xt_statistic", rule_works=None)
    assert check.status is Status.FAIL
    assert check.found == "missing xt_statistic"


def test_a_route_into_the_range_fails_and_a_free_range_is_offered() -> None:
    check = network.address_range(PLAN, PODS, [route("eth0", "10.88.0.0/14"), route("tun0", "10.90.0.0/16")])
    assert check.status is Status.FAIL
    assert "eth0" in check.found
    assert check.fix.endswith("cluster.address_range=10.92.0.0/24")


def test_the_environments_own_bridge_is_no_obstacle_to_itself() -> None:
    assert network.address_range(PLAN, PODS, [route(PLAN.bridge, "10.89.0.0/24")]).status is Status.PASS
    check = network.address_range(PLAN, PODS, [route("cairn-000000", "10.89.0.0/24")])
    assert "another Cairn environment" in check.found


def test_a_served_registry_port_fails() -> None:
    assert network.ports(PLAN, [("0.0.0.0", 5000)]).status is Status.PASS
    assert "10.89.0.2:5000" in network.ports(PLAN, [("10.89.0.2", 5000)]).found


@pytest.mark.parametrize("lan", ["10.0.0.0/8", "10.64.0.0/10"])
def test_a_lan_on_the_whole_block_is_answered_with_a_range_of_another(lan: str) -> None:
    check = network.address_range(PLAN, PODS, [route("eth0", lan)])
    assert check.status is Status.FAIL
    (offered,) = re.findall(r"address_range=(\S+)", check.fix)
    assert not IPv4Network(offered).overlaps(IPv4Network(lan))


def test_two_halves_of_everything_take_no_address() -> None:
    halves = [route("tun0", "0.0.0.0/1"), route("tun0", "128.0.0.0/1")]
    assert network.address_range(PLAN, PODS, halves).status is Status.PASS


def test_an_existing_cluster_needs_a_kubeconfig_that_is_there(tmp_path: Path) -> None:
    (none,) = existing.look("", "")
    assert "--kubeconfig" in none.fix
    (missing,) = existing.look(str(tmp_path / "gone"), "")
    assert missing.found == f"kubeconfig {tmp_path}/gone: No such file or directory"
    assert "--kubeconfig" in missing.fix
    assert failures([none, missing]) == [none, missing]


def test_a_kubeconfig_that_points_nowhere_fails_with_the_servers_address(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        """{apiVersion: v1, kind: Config, current-context: c, users: [{name: u, user: {token: t}}],
        clusters: [{name: k, cluster: {server: "https://127.0.0.1:9"}}],
        contexts: [{name: c, context: {cluster: k, user: u}}]}"""
    )
    (check,) = existing.look(str(file), "")
    assert check.status is Status.FAIL
    assert "127.0.0.1" in check.found


def test_certificates_beside_a_kubeconfig_are_found_from_another_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(existing, "connect", lambda text: seen.append(yaml.safe_load(text)))
    monkeypatch.setattr(existing, "request", refuse)
    (tmp_path / "ca.pem").write_text("the authority")
    (tmp_path / "config").write_text(
        """{current-context: c, clusters: [{name: k, cluster: {certificate-authority: ca.pem}}],
        contexts: [{name: c, context: {cluster: k, user: u}}]}"""
    )
    (check,) = existing.look(str(tmp_path / "config"), "")
    assert "not today" in check.found
    assert base64.b64decode(seen[0]["clusters"][0]["cluster"]["certificate-authority-data"]) == b"the authority"


def refuse(*_: object, **__: object) -> None:
    raise ApiError(0, "not today")
