"""Leaving the machine as it was, whatever state an environment is in."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

from catalog.directories import state_root
from hosts.errors import HostError
from hosts.local import bridge, budget, container, egress, firewall, kernel
from hosts.local.plan import Network


def record(network: Network) -> None:
    """Writes the plan down where `teardown` finds it without Pulumi's state."""
    network.root.mkdir(parents=True, exist_ok=True)
    # Nodes' root filesystems hold set-uid programs and keys: nobody else's business.
    network.root.parent.chmod(0o700)
    (network.root / "network.json").write_text(json.dumps(network.as_record()))


def recorded(environment: str) -> Network:
    """The plan that was written down; the default plan when none was."""
    plan = Network(environment)
    path = plan.root / "network.json"
    return Network(**json.loads(path.read_text())) if path.exists() else plan


def teardown(environment: str) -> None:
    """Ends every process of the environment and removes its mounts, links, namespaces, cgroups and directories.

    Safe to run again, on an environment that is half made, and on one that never was. When it was the last one on this
    machine, the kernel settings that nodes changed are put back.
    """
    network = recorded(environment)
    budget.thaw(network)
    for name in container.states(network):
        container.delete(network, name)
    _end_processes(network)
    bridge.remove(network)
    budget.remove(network)
    _remove(network.run_root)
    egress.close_egress(network)
    firewall.close_bridge(network)
    if not any_left(network):
        kernel.put_back()
        bridge.unmount()
    # Last, because it holds the plan that a repeated run needs.
    _remove(network.root)
    _remove_if_empty(network.run_root.parent)


def any_left(besides: Network) -> bool:
    """Whether this machine holds another local environment of this state directory."""
    plans = (state_root() / "environments").glob("*/network.json")
    return any(plan.parent != besides.root for plan in plans)


def _end_processes(network: Network, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while left := budget.processes(network):
        if time.monotonic() > deadline:
            raise HostError(f"processes {sorted(left)} of {network.environment} don't end; run `cairn down` again")
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


def _remove_if_empty(directory: Path) -> None:
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
