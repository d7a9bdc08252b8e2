"""Turning a host into a Kubernetes node over SSH, by pyinfra.

`provision` runs pyinfra in a process of its own (`python -m hosts.provision`, a JSON request on stdin), because
pyinfra's event loop patches the process that it runs in. The same deploys serve a local node and a rented server.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import paramiko

from hosts import channel
from hosts.errors import HostError
from hosts.spec import ControlPlaneConfig, Host, Join, NodeConfig


@dataclass(frozen=True)
class Outcome:
    """What a run did: the names of the operations that changed something, of how many in all."""

    operations: int
    changed: tuple[str, ...]


def provision(host: Host, node: NodeConfig) -> Outcome:
    """Brings the host to `node`: container runtime, pod network and kubelet. Running it again changes nothing.

    Raises HostError with the operation that failed and its output.
    """
    return _in_own_process(host, node, {})


def make_control_plane(host: Host, node: NodeConfig, cluster: ControlPlaneConfig) -> Outcome:
    """Does what `provision` does, and then makes the host a control plane unless it is one."""
    return _in_own_process(host, node, {"control_plane": asdict(cluster)})


def join_worker(host: Host, node: NodeConfig, join: Join) -> Outcome:
    """Joins a host that `provision` prepared to a cluster, unless it is joined."""
    return _in_own_process(host, node, {"join": asdict(join)})


def _in_own_process(host: Host, node: NodeConfig, role: dict[str, Any]) -> Outcome:
    request = {"host": asdict(host), "node": asdict(node), **role}
    done = subprocess.run(
        [sys.executable, "-m", "hosts.provision"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = [line.removeprefix("ERROR:pyinfra:") for line in done.stderr.splitlines() if line.strip()]
        words = "\n".join(lines)[-4000:]
        raise HostError(
            f"{host.name} ({host.address}) could not be provisioned; `cairn up` goes on from there:\n{words}"
        )
    result = json.loads(done.stdout.splitlines()[-1])
    return Outcome(result["operations"], tuple(result["changed"]))


@contextmanager
def credentials(host: Host) -> Iterator[tuple[Path, Path]]:
    """The host's private key and known_hosts line as files in memory, gone with this process however it ends."""
    with _in_memory("key", host.private_key) as key, _in_memory("known_hosts", host.known_hosts) as known_hosts:
        yield key, known_hosts


@contextmanager
def _in_memory(name: str, text: str) -> Iterator[Path]:
    descriptor = os.memfd_create(name)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")


def without_delay(client: paramiko.SSHClient) -> None:
    """Sends each packet at once: Nagle's algorithm costs 40 ms for every command, and a node takes over a hundred."""
    transport = client.get_transport()
    if transport is not None and isinstance(transport.sock, socket.socket):
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _run(request: dict[str, Any]) -> Outcome:
    from pyinfra.api import Config, Inventory, State
    from pyinfra.api.connect import connect_all, disconnect_all
    from pyinfra.api.deploy import add_deploy
    from pyinfra.api.operations import run_ops
    from pyinfra.connectors.ssh import SSHConnector

    from hosts.deploys.certificates import certificates
    from hosts.deploys.container_runtime import container_runtime
    from hosts.deploys.kubeadm import control_plane, worker
    from hosts.deploys.kubelet import kubelet
    from hosts.deploys.pod_network import pod_network

    channel.use()
    host, node = Host(**request["host"]), NodeConfig(**request["node"])
    with credentials(host) as (key, known_hosts):
        data = {
            "ssh_hostname": host.address,
            "ssh_port": host.port,
            "ssh_user": host.user,
            "ssh_key": str(key),
            "ssh_known_hosts_file": str(known_hosts),
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
            "_sudo": host.user != "root",
        }
        state = State(Inventory(([(host.name, data)], {})), Config(FAIL_PERCENT=0))
        connect_all(state)
        for connected in state.inventory:
            if isinstance(connected.connector, SSHConnector) and connected.connector.client:
                without_delay(connected.connector.client)
        if "join" in request:
            add_deploy(state, worker, node, Join(**request["join"]))
        else:
            for deploy in (container_runtime, pod_network, kubelet):
                add_deploy(state, deploy, node)
            add_deploy(state, certificates)
        if "control_plane" in request:
            add_deploy(state, control_plane, node, ControlPlaneConfig(**request["control_plane"]))
        run_ops(state)
        changed = []
        for inventory_host in state.inventory:
            for op_hash in state.get_op_order():
                operation = state.get_op_data_for_host(inventory_host, op_hash).operation_meta
                if operation.did_change():
                    changed.append(", ".join(state.get_op_meta(op_hash).names))
        operations = len(state.get_op_order())
        disconnect_all(state)
    return Outcome(operations, tuple(changed))


def main() -> None:
    """Reads one request from standard input; prints the outcome as one JSON line."""
    import logging

    from pyinfra.api.exceptions import PyinfraError

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        outcome = _run(json.load(sys.stdin))
    except PyinfraError as error:
        # What the host said is in the log already, above.
        sys.exit(f"pyinfra: {error}")
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
