"""The steps of `cairn down`."""

import shutil
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes.client import ApiClient
from pulumi.automation.errors import CommandError

from cairn.cluster import connected, namespaces
from cairn.console import say
from cairn.custom_objects import CustomObject, end, made_by_people
from cairn.display import show
from cairn.engine import EngineStack
from cairn.environment import Environment
from cairn.errors import UserError
from cairn.failure import failed
from cairn.half_gone import going
from cairn.lock import environment_lock
from cairn.progress import Progress, label
from cairn.recovery import backend, clear_backend_lock, forget_pending
from cairn.settings import settings_file
from catalog.directories import environment_root
from hosts.local import etc_hosts
from hosts.local.plan import Network
from hosts.local.teardown import teardown
from modules.contract.api import ApiError, Object, path_of, request
from modules.contract.module import ALREADY_THERE
from modules.registry import all_modules


@dataclass(frozen=True)
class Volume:
    """A volume that goes with the environment, by the claim that a person knows it as."""

    claim: str
    size: str


def volumes(environment: Environment) -> list[Volume] | None:
    """The volumes that `down` deletes; None when the cluster can't be asked.

    On a cluster of our own that is each one; on an existing one, those in namespaces that the environment made.
    """
    try:
        cluster = connected(environment)
        found = request(cluster.client, "GET", path_of("v1", "persistentvolumes"), timeout_seconds=5)["items"]
        own = namespaces(cluster.client, environment.name)
    except (ApiError, UserError, CommandError):
        return None
    every = "ssh" in cluster.outputs
    return [_volume(each) for each in found if every or _namespace(each) in own]


def objects(environment: Environment) -> tuple[ApiClient, list[CustomObject]] | None:
    """What people made of the modules' custom resources on an existing cluster, and how to reach it.

    None where the cluster goes with all that is on it, or can't be asked. What others installed stays, and so do its
    objects.
    """
    try:
        cluster = connected(environment)
        if "ssh" in cluster.outputs:
            return None
        ours = [each for name, each in all_modules().items() if name in ours_on(cluster.outputs)]
        return cluster.client, made_by_people(cluster.client, [name for module in ours for name in module.owns])
    except (ApiError, UserError, CommandError):
        return None


def ours_on(outputs: dict[str, Any]) -> frozenset[str]:
    """The modules that Cairn itself installed."""
    return frozenset(name for name, version in (outputs.get("modules") or {}).items() if version != ALREADY_THERE)


def _namespace(volume: Object) -> str:
    return str((volume["spec"].get("claimRef") or {}).get("namespace", ""))


def _volume(volume: Object) -> Volume:
    claim = volume["spec"].get("claimRef") or {}
    name = f"{claim['namespace']}/{claim['name']}" if claim else volume["metadata"]["name"]
    return Volume(name, volume["spec"]["capacity"]["storage"])


def take_down(name: str) -> float:
    """Destroy the stack's resources, sweep up what is left, forget the stack; returns the seconds it took."""
    start = time.monotonic()
    with environment_lock(name, f"down --name {name}") as lock:
        environment = Environment(name, lock.note_session)
        stack = environment.find()
        if stack is None and not left(name):
            lock.forget = True
            raise environment.unknown()
        if stack:
            if people := objects(environment):
                # While the modules are there to let them go.
                end(*people)
            _destroy(environment, stack)
        # Also after a destroy that knew of nothing: what the state doesn't know must not stay behind.
        if on_machine(name):
            teardown(name)
        etc_hosts.remove(Network(name))
        shutil.rmtree(environment_root(name), ignore_errors=True)
        if stack:
            environment.remove()
        settings_file(name).unlink(missing_ok=True)
        lock.forget = True
    return round(time.monotonic() - start, 1)


def left(name: str) -> bool:
    """Whether anything of the environment is left on this machine, whatever Pulumi's state says."""
    return on_machine(name) or environment_root(name).exists() or bool(etc_hosts.marked(Network(name)))


def on_machine(name: str) -> bool:
    """Whether a local cluster of that name left anything here, whatever Pulumi's state says."""
    network = Network(name)
    traces = (network.root / "network.json", network.run_root, Path("/sys/class/net", network.bridge))
    return any(trace.exists() for trace in traces)


def _destroy(environment: Environment, stack: EngineStack) -> None:
    stack.ignores_protection = True
    clear_backend_lock(environment)
    pending = forget_pending(environment)
    progress = Progress(time.monotonic)
    # The cluster goes with all that is on it, and each step can be done again: a state that is written once, at the
    # end, is enough.
    local = on_machine(environment.name)
    at_the_end = local and backend() is not None
    try:
        if at_the_end:
            stack.workspace.env_vars = {**stack.workspace.env_vars, "PULUMI_SKIP_CHECKPOINTS": "true"}
        elif pending and not local:
            _record(stack, pending)
        with going(environment) if at_the_end else nullcontext(), show(progress) as take:
            stack.destroy(on_event=take, color="never", show_secrets=False, suppress_outputs=True)
    except CommandError as error:
        raise failed(error, progress, f"cairn down --name {environment.name}") from None


def _record(stack: EngineStack, pending: list[str]) -> None:
    """Do creates that were cut off once more, so that the state knows of what it must delete.

    Where the cluster itself goes there is no need: it takes along what is on it.
    """
    objects = [urn for urn in pending if "kubernetes:" in urn.split("::")[2].split("$")[-1]]
    if objects:
        say(f"completing what was interrupted: {', '.join(map(label, objects))}")
        stack.up(target=objects, color="never", show_secrets=False, suppress_outputs=True)
