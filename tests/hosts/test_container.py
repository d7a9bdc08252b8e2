from pathlib import Path

from hosts.local.container import Container, Mount, oci_config
from hosts.local.plan import Network


def config() -> dict[str, object]:
    container = Container(
        network=Network("dev"),
        name="dev-worker-1",
        address="10.89.0.21",
        rootfs=Path("/r"),
        args=("/sbin/init",),
        mounts=(Mount("/dev/kmsg", "bind", "/dev/kmsg", ("ro",)),),
        env={"container": "docker"},
    )
    return oci_config(container, Path("/run/netns/n"), ["CAP_CHOWN"])


def test_a_container_joins_the_network_namespace_it_is_given() -> None:
    assert {"type": "network", "path": "/run/netns/n"} in config()["linux"]["namespaces"]  # type: ignore[index]


def test_a_container_has_namespaces_of_its_own_for_everything_else() -> None:
    kinds = {space["type"] for space in config()["linux"]["namespaces"]}  # type: ignore[index]
    assert {"pid", "mount", "ipc", "uts"} <= kinds


def test_a_container_counts_against_its_environments_cgroup() -> None:
    path = config()["linux"]["cgroupsPath"]  # type: ignore[index]
    assert path == f"/{Network('dev').cgroup}/dev-worker-1"


def test_a_bind_mount_names_its_source() -> None:
    mount = config()["mounts"][-1]  # type: ignore[index]
    assert mount == {"destination": "/dev/kmsg", "type": "none", "source": "/dev/kmsg", "options": ["rbind", "ro"]}
