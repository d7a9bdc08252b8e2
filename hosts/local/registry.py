"""The registry that nodes pull from: the cache's images, served read-only on the bridge and nowhere else."""

import time
from pathlib import Path

import httpx

from catalog.build import binary
from catalog.registry import configuration, store
from hosts.errors import HostError
from hosts.local import bridge, container
from hosts.local.container import Container, Mount
from hosts.local.plan import REGISTRY_PORT, Network

NAME = "registry"


def _container(network: Network) -> Container:
    root = network.root / NAME
    return Container(
        network=network,
        name=NAME,
        address=network.registry,
        rootfs=root / "rootfs",
        args=("/registry", "serve", "/config.yml"),
        mounts=(
            Mount("/registry", "bind", str(binary("registry")), ("ro",)),
            Mount("/config.yml", "bind", str(root / "config.yml"), ("ro",)),
            Mount("/var/lib/registry", "bind", str(store()), ("ro",)),
        ),
        env={"PATH": "/", "OTEL_TRACES_EXPORTER": "none"},
    )


def endpoint(network: Network) -> str:
    """The registry's address as nodes and this machine use it."""
    return f"http://{network.registry}:{REGISTRY_PORT}"


def running(network: Network) -> bool:
    """Whether the registry answers."""
    try:
        return httpx.get(f"{endpoint(network)}/v2/", timeout=1, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def up(network: Network, seconds: float = 30) -> None:
    """Starts the registry unless it answers. Raises HostError when it doesn't within `seconds`."""
    if running(network):
        return
    registry = _container(network)
    registry.rootfs.mkdir(parents=True, exist_ok=True)
    (network.root / NAME / "config.yml").write_text(
        configuration(f"{network.registry}:{REGISTRY_PORT}", read_only=True, root=Path("/var/lib/registry"))
    )
    namespace = bridge.attach(network, NAME, network.registry)
    container.start(registry, namespace)
    deadline = time.monotonic() + seconds
    while not running(network):
        if time.monotonic() > deadline:
            raise HostError(f"the registry at {endpoint(network)} does not answer (log: {registry.log})")
        time.sleep(0.1)
