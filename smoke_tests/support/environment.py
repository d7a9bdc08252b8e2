"""The environment under test: what its stack says of it, or what a kubeconfig and a profile's name do."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from catalog.directories import REPOSITORY
from modules.validation import load
from profiles.schema import Profile

CAIRN = [sys.executable, "-m", "cairn"]
"""The command line, run as a person would: the tests import nothing of it."""


class NoEnvironmentError(Exception):
    """There is no such environment, or it can't be read; the text says what to do."""


@dataclass(frozen=True)
class Environment:
    """Plain data, so that every test process can be given a copy.

    `made_by_cairn` is whether the nodes are Cairn's own, to be killed, drained and filled. `ssh` is the stack's
    output of that name: user, private_key, hosts, known_hosts.
    """

    name: str
    kubeconfig: str = field(repr=False)
    profile_name: str = "laptop"
    overrides: dict[str, Any] = field(default_factory=dict)
    context: str | None = None
    supply: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    ssh: dict[str, Any] = field(default_factory=dict, repr=False)
    made_by_cairn: bool = False
    credentials: tuple[str, ...] = field(default=(), repr=False)
    """Every password and private key that the stack keeps."""

    @cached_property
    def profile(self) -> Profile:
        """The merged profile that the environment was made from."""
        return load(self.profile_name, self.overrides, REPOSITORY)

    def secrets(self) -> list[str]:
        """Texts that must never reach evidence: the administrator's credentials and all that the stack keeps."""
        found = [self.ssh.get("private_key", ""), *self.credentials]
        for line in self.kubeconfig.splitlines():
            key, _, value = line.strip().removeprefix("- ").partition(": ")
            if key in ("token", "client-key-data", "client-certificate-data", "password"):
                found.append(value.strip("\"'"))
        return [text for text in found if text]


def _pulumi(environment: str, command: str) -> dict[str, Any]:
    script = f'eval "$({shlex.join(CAIRN)} env)" && pulumi {command} --stack {shlex.quote(environment)}'
    done = subprocess.run(
        ["bash", "-c", script], cwd=REPOSITORY, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        raise NoEnvironmentError(
            f"environment {environment!r} can't be read: {done.stderr.strip()}\n"
            f"`cairn up laptop --name {environment}` makes it"
        )
    return dict(json.loads(done.stdout))


def credentials(state: dict[str, Any]) -> Iterator[str]:
    """The passwords and private keys in an exported state whose secrets are shown."""
    for resource in state["deployment"].get("resources", []):
        keys = ("value",) if resource["type"].endswith(":Password") else ("private_key", "authority_key", "host_key")
        for key in keys:
            found = {**resource.get("inputs", {}), **resource.get("outputs", {})}.get(key)
            if isinstance(found, dict):
                # How the engine writes a secret: the value as JSON.
                found = json.loads(found["plaintext"])
            if isinstance(found, str):
                yield found


def of_stack(name: str) -> Environment:
    """Reads a running environment's outputs and settings. Raises NoEnvironmentError."""
    settings = _pulumi(name, "config --json")
    outputs = _pulumi(name, "stack output --json --show-secrets")
    if "kubeconfig" not in outputs:
        raise NoEnvironmentError(f"environment {name!r} has no cluster yet: `cairn up --name {name}` finishes it")

    def setting(key: str) -> Any:
        entry = settings.get(f"cairn:{key}", {})
        return entry.get("objectValue", entry.get("value"))

    overrides = setting("set") or {}
    environment = Environment(
        name=name,
        kubeconfig=outputs["kubeconfig"],
        profile_name=setting("profile") or name,
        overrides=json.loads(overrides) if isinstance(overrides, str) else overrides,
        context=setting("context"),
        supply=str(outputs.get("supply", "")),
        versions=outputs.get("modules", {}),
        ssh=outputs.get("ssh") or {},
        credentials=tuple(sorted(set(credentials(_pulumi(name, "stack export --show-secrets"))))),
    )
    return replace(environment, made_by_cairn=environment.profile.cluster.provider == "local")


def of_kubeconfig(path: str, profile_name: str) -> Environment:
    """A cluster that only its kubeconfig is known of; what disturbs it then needs --disruptive."""
    kubeconfig = Path(path)
    if not kubeconfig.is_file():
        raise NoEnvironmentError(f"CAIRN_KUBECONFIG names {path}, which is no file")
    return Environment(name=kubeconfig.stem, kubeconfig=kubeconfig.read_text(), profile_name=profile_name)
