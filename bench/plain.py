"""The yardstick: the same cluster by kubeadm and the same modules by helm and kubectl, one after the other.

It takes the very inputs of a Cairn run out of Pulumi's state, so that nodes, images, values and waits are the same.
What it leaves out is what Cairn adds: Pulumi, its plug-ins, the state, and doing things side by side.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench.credentials import Credentials
from catalog.build import binary, chart, manifest, tool
from catalog.directories import REPOSITORY
from hosts import cluster as running_cluster
from hosts.local import bridge, budget, kernel, registry, teardown
from hosts.local import node as local_node
from hosts.local.node import Node
from hosts.local.plan import Network
from hosts.provision import join_worker, make_control_plane, provision
from hosts.spec import ControlPlaneConfig, Host
from installer.manifest_chart import patched
from installer.ready import evaluate
from modules.contract.api import Object, connect
from modules.contract.checks import Check
from modules.contract.module import Module
from modules.registry import enabled
from profiles.schema import Profile
from stacks.clusters.kubeadm import node_config

Resource = dict[str, Any]


def inputs_of(state: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The inputs of every resource of a type, such as `local:Node`, in an exported state with its secrets shown."""
    module, _, name = kind.partition(":")
    resources = state["deployment"]["resources"]
    return [_plain(each["inputs"]) for each in resources if each["type"].endswith(f"{module}:{name}")]


def _plain(value: Any) -> Any:
    """Take the engine's wrapping off secrets."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return yaml.safe_load(value["plaintext"])
        return {key: _plain(below) for key, below in value.items() if key != "__provider"}
    return [_plain(below) for below in value] if isinstance(value, list) else value


def up(state: dict[str, Any], profile: Profile) -> float:
    """Seconds from nothing to every module ready."""
    start = time.monotonic()
    kubeconfig, credentials = make_cluster(state), Credentials()
    with kubectl_for(kubeconfig) as file:
        for module in enabled(profile):
            install(module, profile, credentials, kubeconfig, file)
    return time.monotonic() - start


def remove_links(network: Network) -> None:
    """Take away the last run's links: the kernel keeps a dead namespace, and its end of them, while sockets linger."""
    for link in Path("/sys/class/net").glob(f"crn{network.handle}*"):
        run([tool("ip"), "link", "delete", link.name], "")


def make_cluster(state: dict[str, Any]) -> str:
    """Nodes, kubeadm init, kubeadm join; returns the kubeconfig."""
    (shared,) = inputs_of(state, "local:Cluster")
    network = Network(**shared["network"])
    teardown.record(network)
    kernel.keep()
    kernel.make_room()
    budget.set_budget(network, budget.Limits.from_record(shared))
    bridge.create(network)
    registry.up(network)
    for record in inputs_of(state, "local:Node"):
        local_node.up(Node.from_record(record))
    (first,) = inputs_of(state, "kubeadm:ControlPlane")
    host = Host(**first["host"])
    settings = {**first["cluster"], "eviction_seconds": int(first["cluster"]["eviction_seconds"])}
    make_control_plane(host, node_config(first["node"]), ControlPlaneConfig(**settings))
    running_cluster.wait_ready(host.address)
    for worker in inputs_of(state, "kubeadm:Worker"):
        other = Host(**worker["host"])
        provision(other, node_config(worker["node"]))
        join_worker(other, node_config(worker["node"]), running_cluster.make_join(host))
        running_cluster.wait_node_ready(host, other.name)
    return running_cluster.kubeconfig(host)


def install(module: Module, profile: Profile, credentials: Credentials, kubeconfig: str, file: Path) -> None:
    """One module: namespace, objects, chart or manifest; its own objects; each with the wait that Cairn has."""
    objects = credentials.fill(module.objects(profile))
    own = [made for made in objects if module.owns_object(made)]
    if module.namespace:
        apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": module.namespace}}], file)
    apply([made for made in objects if made not in own], file)
    if module.chart:
        values = yaml.safe_dump(credentials.fill(module.values(profile)))
        place = ["--namespace", str(module.namespace), "--kubeconfig", str(file), "--values", "-"]
        run([binary("helm"), "install", module.chart, REPOSITORY / chart(module.chart), *place], values)
    elif module.manifest:
        objects = patched(manifest(module.manifest).read_text(), lambda found: module.patch(found, profile))
        apply(credentials.fill(objects), file)
    first, of_own = module.gates(profile)
    wait(module, first, kubeconfig)
    apply(own, file)
    wait(module, of_own, kubeconfig)


def wait(module: Module, checks: Iterable[Check], kubeconfig: str) -> None:
    """Poll some of the module's own checks, as its gates do."""
    client = connect(kubeconfig)
    deadline = time.monotonic() + module.ready_seconds
    while failing := [result.why for check in checks if not (result := evaluate(check, client)).ok]:
        if time.monotonic() > deadline:
            raise SystemExit(f"plain: {module.name} is not ready: {failing}")
        time.sleep(0.5)


def apply(objects: list[Object], file: Path) -> None:
    """kubectl apply, server-side as Cairn does."""
    if objects:
        words = ["apply", "--server-side", "--kubeconfig", str(file), "--filename", "-"]
        run([binary("kubectl"), *words], yaml.safe_dump_all(objects))


def run(command: list[str | Path], stdin: str) -> None:
    """Run a program to its end; its words when it fails."""
    done = subprocess.run([*map(str, command)], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"plain: {' '.join(map(str, command))}: {done.stderr}")


@contextmanager
def kubectl_for(kubeconfig: str) -> Iterator[Path]:
    """The kubeconfig as a file that only this user reads."""
    with tempfile.NamedTemporaryFile("w", prefix="cairn-bench-") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(kubeconfig)
        file.flush()
        yield Path(file.name)
