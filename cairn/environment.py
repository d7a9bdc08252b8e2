"""One environment: a Pulumi stack, its settings, and what can be asked of it without changing it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from pulumi.automation import LocalWorkspace
from pulumi.automation.errors import StackNotFoundError

from cairn.engine import Engine, EngineStack
from cairn.errors import UserError
from cairn.settings import Kept, Record, Settings, content, forget_salt, latest, read, reconcile, render, settings_file
from catalog.directories import REPOSITORY, state_root

NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
"""A DNS label that still fits when a node's name is made from it."""
RUNS = 20
"""How many of the latest runs are looked through for one that was an `up`."""


class Workspace(LocalWorkspace):
    """The project; what a person has selected for plain `pulumi` stays selected, unless a stack is made."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing: every command names its stack."""


class _PassingWorkspace(Workspace):
    def create_stack(self, stack_name: str) -> None:
        self._run_pulumi_cmd_sync(["stack", "init", stack_name, "--no-select"])


class Environment:
    """A stack of the project in this checkout; its backend may hold it already or not."""

    def __init__(
        self, name: str, started: Callable[[int], None] = lambda _: None, own: LocalWorkspace | None = None
    ) -> None:
        check_name(name)
        self.name = name
        self.workspace = own or workspace(started)
        self._stack: EngineStack | None = None
        self._record: Record | None = None

    @property
    def file(self) -> Path:
        """Its settings, a copy of which lies in each checkout that ran `up`."""
        return settings_file(self.name, Path(self.workspace.work_dir))

    def find(self) -> EngineStack | None:
        """The stack, if the backend holds it."""
        try:
            history = self.run("stack", "history", "--json", "--page", "1", "--page-size", str(RUNS))
        except StackNotFoundError:
            return None
        self._record = latest(json.loads(history or "[]"))
        self._stack = EngineStack(self.name, self.workspace, create=False)
        return self._stack

    def there(self) -> bool:
        """Whether the backend holds the stack, as far as it was asked already."""
        return (self._stack or self.find()) is not None

    def stack(self) -> EngineStack:
        """The stack; a `UserError` when there is none."""
        stack = self.find()
        if stack is None:
            raise self.unknown()
        return stack

    def make_stack(self) -> EngineStack:
        """The stack, made (and selected, as `pulumi stack init` does) when there is none."""
        stack = self.find()
        if stack is None:
            forget_salt(self.file)
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

    def kept(self) -> Kept:
        """The settings that count, by the backend's record and what was changed here since."""
        if not self.there():
            return left_over(self.file)
        return reconcile(self.file, self._record)

    def settings(self) -> Settings:
        """The same without a word."""
        return self.kept().settings

    def render(self, settings: Settings) -> str:
        """The settings as a file's text, with what else is in the present one."""
        return render(content(self.file), settings)

    def save(self, settings: Settings) -> None:
        """Keep the settings, whole or not at all."""
        if self._record and not self.file.exists():
            # What else a person has set there comes along to a checkout that hasn't had the environment.
            self.run("config", "refresh", "--force")
        fresh = self.file.with_suffix(".fresh")
        fresh.write_text(self.render(settings))
        fresh.replace(self.file)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs with their secrets in plain text: for use, never for printing."""
        result: dict[str, Any] = json.loads(self.run("stack", "output", "--json", "--show-secrets"))
        return result

    def run(self, *arguments: str) -> str:
        """Standard output of one `pulumi` command on this stack."""
        command = [*arguments, "--stack", self.name]
        return self.workspace.pulumi_command.run(command, self.workspace.work_dir, self.workspace.env_vars).stdout

    def remove(self) -> None:
        """Take the stack, which must be empty, and its settings out of the backend and this checkout."""
        self.workspace.remove_stack(self.name)
        self.file.unlink(missing_ok=True)


def left_over(file: Path) -> Kept:
    """What is kept of an environment that isn't there: nothing, whatever a file of an earlier one says."""
    if read(file) == Settings():
        return Kept()
    return Kept(told=(f"{file.name} is left over from an environment that is gone: what it says doesn't count",))


@contextmanager
def passing(name: str, started: Callable[[int], None]) -> Iterator[Environment]:
    """An environment that isn't there, in a backend and a project directory that go with the block.

    A preview of what is yet to be made so leaves no trace, in this checkout or anywhere.
    """
    with TemporaryDirectory(prefix="cairn-") as directory:
        project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
        project["main"] = str(REPOSITORY / project["main"])
        Path(directory, "Pulumi.yaml").write_text(yaml.safe_dump(project))
        backend = Path(directory, "backend")
        backend.mkdir()
        variables = {"PULUMI_BACKEND_URL": f"file://{backend}?metadata=skip"}
        engine = Engine(started)
        yield Environment(name, own=_PassingWorkspace(directory, pulumi_command=engine, env_vars=variables))


def backend_has(environment: str) -> bool:
    """Whether Cairn's own backend holds the environment; needs no `pulumi`."""
    return (state_root() / "backend" / ".pulumi" / "stacks" / "cairn" / f"{environment}.json").exists()


def default_name(profile: str) -> str:
    """The environment that a profile makes unless another name is given: its own name, or its file's."""
    return Path(profile).stem


def workspace(started: Callable[[int], None] = lambda _: None) -> LocalWorkspace:
    """The project in this checkout; `tools.prepare` must have set the variables."""
    return Workspace(work_dir=str(REPOSITORY), pulumi_command=Engine(started))


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
