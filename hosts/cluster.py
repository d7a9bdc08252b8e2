"""What is asked of a running control plane over SSH: its kubeconfig, a way to join, and a worker's leave."""

import json
import shlex
import time
from collections.abc import Mapping

import httpx
import paramiko

from hosts.errors import HostError
from hosts.markers import DONE
from hosts.provision import credentials
from hosts.spec import Host, Join

ADMIN = "/etc/kubernetes/admin.conf"
CONNECT_SECONDS = 20
COMMAND_SECONDS = 300
"""Longer than anything here takes: a worker's drain, whose own limit is a fifth of it."""


def run(host: Host, command: str) -> str:
    """Runs a command on the host and returns what it printed. Raises HostError with its words when it fails."""
    with credentials(host) as (key, known_hosts), paramiko.SSHClient() as client:
        client.load_host_keys(str(known_hosts))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.connect(
                host.address,
                host.port,
                host.user,
                key_filename=str(key),
                allow_agent=False,
                look_for_keys=False,
                timeout=CONNECT_SECONDS,
                banner_timeout=CONNECT_SECONDS,
            )
        except (OSError, paramiko.SSHException) as error:
            raise HostError(f"{host.name} ({host.address}) can't be reached over SSH: {error}") from error
        _, stdout, stderr = client.exec_command(command, timeout=COMMAND_SECONDS)
        try:
            output, words = stdout.read().decode(), stderr.read().decode()
        except TimeoutError as error:
            raise HostError(
                f"`{command}` on {host.name} said nothing for {COMMAND_SECONDS} s; run the same command again"
            ) from error
        if stdout.channel.recv_exit_status() != 0:
            raise HostError(f"`{command}` failed on {host.name}: {words.strip() or output.strip()}")
        return output


def kubeconfig(control_plane: Host) -> str:
    """The cluster administrator's kubeconfig, as kubeadm wrote it."""
    return run(control_plane, f"cat {ADMIN}")


def make_join(control_plane: Host, seconds: int = 600) -> Join:
    """A bootstrap token good for `seconds`, with what a worker needs beside it."""
    words = run(control_plane, f"kubeadm token create --ttl {seconds}s --print-join-command").split()
    return Join(words[2], words[words.index("--token") + 1], words[words.index("--discovery-token-ca-cert-hash") + 1])


def initialised(host: Host) -> bool:
    """Whether kubeadm has finished its work on the host."""
    return run(host, f"test -e {DONE} && echo yes || echo no").strip() == "yes"


def ready(address: str) -> bool:
    """Whether the API server at the address says that it is ready (it needs no credentials for that)."""
    try:
        return httpx.get(f"https://{address}:6443/readyz", verify=False, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def wait_ready(address: str, seconds: float = 120) -> None:
    """Waits until the API server is ready. Raises HostError when it isn't within `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready(address):
        if time.monotonic() > deadline:
            raise HostError(
                f"the API server at {address}:6443 was not ready after {seconds:.0f} s; "
                f"`cairn up` tries again; `journalctl -u kubelet` on {address} says more"
            )
        time.sleep(0.2)


def remove_worker(control_plane: Host, name: str, seconds: int = 60) -> None:
    """Drains the worker and takes it out of the cluster; pods that don't end within `seconds` are ended."""
    kubectl = f"kubectl --kubeconfig {ADMIN}"
    known = run(control_plane, f"{kubectl} get node {name} --ignore-not-found --output name").strip()
    if not known:
        return
    drain = f"{kubectl} drain {name} --ignore-daemonsets --delete-emptydir-data --force --timeout={seconds}s"
    # A node that is lost confirms nothing: its pods go with it, however long one waits.
    run(control_plane, f"{drain} --skip-wait-for-delete-timeout={seconds} || {kubectl} cordon {name}")
    run(control_plane, f"{kubectl} delete node {name}")


def wait_node_ready(control_plane: Host, name: str, seconds: int = 120) -> None:
    """Waits until there is such a node and it is Ready. Raises HostError when each doesn't happen within `seconds`."""
    # Its kubelet may have its credentials and not have registered yet; a wait for a condition fails at once then.
    for state in ("create", "condition=Ready"):
        run(control_plane, f"kubectl --kubeconfig {ADMIN} wait node/{name} --for={state} --timeout={seconds}s")


def labels(control_plane: Host, name: str) -> dict[str, str]:
    """The node's labels; none where there is no such node."""
    output = run(control_plane, f"kubectl --kubeconfig {ADMIN} get node {name} --ignore-not-found --output json")
    found: dict[str, str] = json.loads(output)["metadata"].get("labels", {}) if output.strip() else {}
    return found


def label(control_plane: Host, name: str, wanted: Mapping[str, str | None]) -> None:
    """Gives the node these labels, and takes off those that are None; does nothing where there is no such node."""
    words = [f"{key}-" if value is None else f"{key}={value}" for key, value in wanted.items()]
    kubectl = f"kubectl --kubeconfig {ADMIN}"
    known = run(control_plane, f"{kubectl} get node {name} --ignore-not-found --output name").strip()
    if known and words:
        run(control_plane, f"{kubectl} label node {name} --overwrite {shlex.join(words)}")
