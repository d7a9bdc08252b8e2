"""`cairn smoke`: prove that the platform works, through its public interfaces."""

import subprocess
import sys
from typing import Annotated

import typer

from cairn.errors import UserError
from cairn.options import Name
from catalog.directories import REPOSITORY

EXAMPLES = """Examples:

    cairn smoke

    cairn smoke queueing ray --name laptop

    cairn smoke --disruptive --name staging
"""
TESTS = REPOSITORY / "smoke_tests"


def command(
    modules: Annotated[
        list[str] | None, typer.Argument(metavar="[MODULE]...", help="Only these modules' tests. [default: all]")
    ] = None,
    name: Name = None,
    disruptive: Annotated[
        bool, typer.Option("--disruptive", help="Also kill, drain and preempt on a cluster that Cairn did not make.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the tests' throwaway teams on the cluster.")] = False,
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
    result = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=REPOSITORY, check=False)
    raise typer.Exit(result.returncode)


def test_files(modules: list[str]) -> list[str]:
    """The test files of these modules; every one that tests a running platform when none is named."""
    known = {file.stem.removeprefix("test_"): file for file in sorted(TESTS.glob("test_*.py"))}
    known |= {"hosts": TESTS / "hosts"}
    if unknown := sorted(set(modules) - set(known)):
        where = f"tests: {', '.join(known)}"
        raise UserError(f"no smoke test for {', '.join(unknown)}", where=where, fix="cairn smoke")
    return [str(known[name].relative_to(REPOSITORY)) for name in modules or known]
