"""The steps of `cairn down`."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from pulumi.automation import Stack
from pulumi.automation.errors import CommandError

from cairn.cluster import reach
from cairn.console import say
from cairn.display import show
from cairn.environment import Environment, settings_file
from cairn.errors import UserError
from cairn.failure import failed
from cairn.lock import environment_lock
from cairn.progress import Progress, label
from cairn.recovery import clear_backend_lock, forget_pending
from catalog.directories import environment_root
from hosts.local import etc_hosts
from hosts.local.plan import Network
from hosts.local.teardown import teardown
from modules.api import ApiError, Object, path_of, request
from profiles.errors import ProfileError


@dataclass(frozen=True)
class Volume:
    """A volume that goes with the environment, by the claim that a person knows it as."""

    claim: str
    size: str


def volumes(environment: Environment) -> list[Volume] | None:
    """The volumes that `down` deletes; None when the cluster can't be asked.

    On a cluster of our own that is each one; on an existing one, those of the profile's teams.
    """
    try:
        cluster = reach(environment)
        found = request(cluster.client, "GET", path_of("v1", "persistentvolumes"), timeout_seconds=5)["items"]
    except (ApiError, UserError, CommandError, ProfileError):
        return None
    every = cluster.profile.cluster.provider == "local"
    return [_volume(each) for each in found if every or _namespace(each) in cluster.profile.teams]


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


def _destroy(environment: Environment, stack: Stack) -> None:
    clear_backend_lock(environment)
    pending = forget_pending(environment)
    progress = Progress(time.monotonic)
    try:
        if pending and not on_machine(environment.name):
            _record(stack, pending)
        with show(progress) as take:
            stack.destroy(on_event=take, color="never", show_secrets=False, suppress_outputs=True)
    except CommandError as error:
        raise failed(error, progress, f"cairn down --name {environment.name}") from None


def _record(stack: Stack, pending: list[str]) -> None:
    """Do creates that were cut off once more, so that the state knows of what it must delete.

    Where the cluster itself goes there is no need: it takes along what is on it.
    """
    objects = [urn for urn in pending if "kubernetes:" in urn.split("::")[2].split("$")[-1]]
    if objects:
        say(f"completing what was interrupted: {', '.join(map(label, objects))}")
        stack.up(target=objects, color="never", show_secrets=False, suppress_outputs=True)
