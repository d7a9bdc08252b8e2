"""One environment: a Pulumi stack, its settings, and what can be asked of it without changing it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pulumi.automation import LocalWorkspace, Stack
from pulumi.automation.errors import CommandError, StackNotFoundError

from cairn.engine import Engine, EngineStack
from cairn.errors import UserError
from catalog.directories import REPOSITORY, state_root

NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
"""A DNS label that still fits when a node's name is made from it."""


@dataclass(frozen=True)
class Settings:
    """What `cairn up` keeps in the stack's configuration, so that plain `pulumi up` does the same."""

    profile: str = ""
    supply: str = "auto"
    set: dict[str, object] = field(default_factory=dict)
    kubeconfig: str = ""
    context: str = ""


OURS = {f"cairn:{key}" for key in vars(Settings())}


class Environment:
    """A stack of the project in this checkout; its backend may hold it already or not."""

    def __init__(self, name: str, started: Callable[[int], None] = lambda _: None) -> None:
        check_name(name)
        self.name = name
        self.workspace = workspace(started)

    def find(self) -> Stack | None:
        """The stack, if the backend holds it; settings lost with a checkout are restored."""
        try:
            stack = EngineStack(self.name, self.workspace, create=False)
        except StackNotFoundError:
            return None
        if not settings_file(self.name).exists():
            self._restore_settings()
        return stack

    def stack(self) -> Stack:
        """The stack; a `UserError` when there is none."""
        stack = self.find()
        if stack is None:
            raise self.unknown()
        return stack

    def make_stack(self) -> Stack:
        """The stack, made when there is none."""
        stack = self.find()
        if stack is None:
            forget_salt(settings_file(self.name))
            stack = EngineStack(self.name, self.workspace, create=True)
        return stack

    def unknown(self) -> UserError:
        """The error for a name that the backend doesn't hold."""
        known = names(self.workspace)
        return UserError(
            f"there is no environment {self.name}",
            where="environments: " + (", ".join(known) or "none yet"),
            fix=f"{'--name of one of these' if known else 'make it'}, or: cairn up PROFILE --name {self.name}",
        )

    def settings(self) -> Settings:
        """What the settings file says; empty settings when there is none."""
        return read_settings(self.name)

    def render(self, settings: Settings) -> str:
        """The settings as a file's text, with what else is in the present one: the encryption salt, a person's keys."""
        content = _read(self.name)
        config = {key: value for key, value in (content.get("config") or {}).items() if key not in OURS}
        config |= {f"cairn:{key}": value for key, value in vars(settings).items() if value}
        return yaml.safe_dump({**content, "config": config}, sort_keys=False)

    def save(self, settings: Settings) -> None:
        """Keep the settings, whole or not at all."""
        file = settings_file(self.name)
        fresh = file.with_suffix(".fresh")
        fresh.write_text(self.render(settings))
        fresh.replace(file)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs with their secrets in plain text: for use, never for printing."""
        result: dict[str, Any] = json.loads(self.run("stack", "output", "--json", "--show-secrets"))
        return result

    def run(self, *arguments: str) -> str:
        """Standard output of one `pulumi` command on this stack."""
        command = [*arguments, "--stack", self.name]
        return self.workspace.pulumi_command.run(command, self.workspace.work_dir, {}).stdout

    def remove(self) -> None:
        """Take the stack, which must be empty, and its settings out of the backend and this checkout."""
        self.workspace.remove_stack(self.name)
        settings_file(self.name).unlink(missing_ok=True)

    def _restore_settings(self) -> None:
        try:
            self.workspace.refresh_config(self.name)
        except CommandError as error:
            if "no previous deployment" not in str(error):
                raise


def settings_file(environment: str) -> Path:
    """The stack's settings in this checkout; git ignores it."""
    return REPOSITORY / f"Pulumi.{environment}.yaml"


def read_settings(environment: str) -> Settings:
    """What the settings file says; empty settings when there is none. Needs no `pulumi`."""
    config = _read(environment).get("config") or {}
    found = {key: config[f"cairn:{key}"] for key in vars(Settings()) if f"cairn:{key}" in config}
    if isinstance(found.get("set"), str):  # as `pulumi config set set '{...}'` writes it
        found["set"] = _overrides(environment, found["set"])
    return Settings(**found)


def _overrides(environment: str, text: str) -> dict[str, Any]:
    """What a person wrote as the setting `set`: a JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UserError(
            f"the setting `set` of {environment} is no JSON object: {text}",
            where=str(settings_file(environment)),
            fix="""pulumi config set set '{"cluster.workers": 2}'""",
        )
    return found


def forget_salt(file: Path) -> None:
    """Take the salt of a stack that is gone out of its settings, unless something there is encrypted with it.

    The passphrase may have gone with the stack, and Pulumi refuses a salt that doesn't belong to its passphrase.
    """
    text = file.read_text() if file.exists() else ""
    if "encryptionsalt:" in text and "secure:" not in text:
        content = yaml.safe_load(text)
        del content["encryptionsalt"]
        file.write_text(yaml.safe_dump(content, sort_keys=False))


def _read(environment: str) -> dict[str, Any]:
    file = settings_file(environment)
    return (yaml.safe_load(file.read_text()) or {}) if file.exists() else {}


def backend_has(environment: str) -> bool:
    """Whether Cairn's own backend holds the environment; needs no `pulumi`."""
    return (state_root() / "backend" / ".pulumi" / "stacks" / "cairn" / f"{environment}.json").exists()


def default_name(profile: str) -> str:
    """The environment that a profile makes unless another name is given: its own name, or its file's."""
    return Path(profile).stem


def workspace(started: Callable[[int], None] = lambda _: None) -> LocalWorkspace:
    """The project in this checkout; `tools.prepare` must have set the variables."""
    return LocalWorkspace(work_dir=str(REPOSITORY), pulumi_command=Engine(started))


def names(of: LocalWorkspace) -> list[str]:
    """The environments that the backend holds."""
    return sorted(stack.name.rsplit("/", 1)[-1] for stack in of.list_stacks())


def pick(name: str | None) -> Environment:
    """The environment that a person named, or the only one that there is."""
    if name is not None:
        return Environment(name)
    known = names(workspace())
    if len(known) == 1:
        return Environment(known[0])
    if not known:
        raise UserError("there is no environment yet", fix="cairn up laptop")
    raise UserError(
        "which environment?",
        where="environments: " + ", ".join(known),
        fix="add --name NAME   (cairn list tells what each is)",
    )


def check_name(name: str) -> None:
    """Refuse a name that can't be part of a host name."""
    if not NAME.fullmatch(name):
        raise UserError(
            f"{name!r} can't be an environment's name",
            where="lower-case letters, digits and dashes, starting with a letter, at most 32 characters",
            fix="cairn up PROFILE --name NAME",
        )
