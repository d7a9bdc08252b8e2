"""`cairn smoke`: prove that the platform works, through its public interfaces."""

import subprocess
import sys
from json import loads as load_json
from pathlib import Path
from typing import Annotated

import typer

from cairn import completion
from cairn.console import print_json
from cairn.errors import UserError
from cairn.options import AsJson, Name
from cairn.smoke_files import smoke_files
from catalog.directories import REPOSITORY

EXAMPLES = """Examples:

    cairn smoke

    cairn smoke queueing ray --name laptop

    cairn smoke --disruptive --name staging

    cairn smoke storage --json
"""
EVIDENCE = REPOSITORY / "evidence"


def command(
    modules: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODULE]...",
            help="Only these modules' tests. [default: all]",
            autocompletion=completion.modules,
        ),
    ] = None,
    name: Name = None,
    disruptive: Annotated[
        bool, typer.Option("--disruptive", help="Also kill, drain and preempt on a cluster that Cairn did not make.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the tests' throwaway teams on the cluster.")] = False,
    json: AsJson = False,
) -> None:
    """Run the smoke tests; what they find is kept below evidence/: junit XML, a JSON line per check, logs of failures.

    Exits as pytest does: 0 when all pass, 1 when some fail.
    """
    from cairn.opening import open_environment

    files = test_files(modules or [])
    environment = open_environment(name)
    environment.stack()
    options = [*(["--disruptive"] if disruptive else []), *(["--keep"] if keep else [])]
    arguments = [*files, "--environment", environment.name, *options]
    before = set(runs(environment.name))
    # With --json the tests' own words go where they are in nobody's way.
    words = sys.stderr if json else None
    result = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=REPOSITORY, stdout=words, check=False)
    if json:
        print_json({"environment": environment.name, "exit_code": result.returncode, **found(environment.name, before)})
    raise typer.Exit(result.returncode)


def runs(environment: str) -> list[Path]:
    """Where each run of the environment's smoke tests left its evidence, the newest last."""
    return sorted(EVIDENCE.glob(f"{environment}-*"))


def found(environment: str, before: set[Path]) -> dict[str, object]:
    """Where the newest run's evidence lies, and what each check of it came to; empty when nothing was run."""
    checks = [run / "checks.jsonl" for run in runs(environment) if run not in before]
    if not checks or not checks[-1].exists():
        return {}
    lines = [load_json(line) for line in checks[-1].read_text().splitlines()]
    return {"evidence": str(checks[-1].parent), "checks": {line["test"]: line["outcome"] for line in lines}}


def test_files(modules: list[str]) -> list[str]:
    """The test files of these modules; every one that tests a running platform when none is named."""
    known = smoke_files()
    if unknown := sorted(set(modules) - set(known)):
        where = f"tests: {', '.join(known)}"
        raise UserError(f"no smoke test for {', '.join(unknown)}", where=where, fix="cairn smoke")
    return [str(known[name].relative_to(REPOSITORY)) for name in modules or known]
