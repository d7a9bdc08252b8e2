"""docs/cli.md, made from the command line itself: `python -m cairn.reference` writes it, a test holds it to that."""

import re

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cairn.app import app
from catalog.directories import REPOSITORY

FILE = REPOSITORY / "docs" / "cli.md"
HEAD = """# The command line

Made by `python -m cairn.reference` from the program itself.

Every command exits with 0 when all is well, 1 when something failed, 2 for a mistake of the caller's, 130 when it was
interrupted. Results go to stdout, everything said along the way to stderr. `CAIRN_DEBUG=1` shows the traceback of an
error; `CAIRN_ENVIRONMENT` names the environment when `--name` doesn't. `cairn --install-completion` makes the shell
complete commands and options.
"""


def page() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return "\n".join([HEAD, *_sections("cairn", root)])


def _sections(path: str, group: TyperGroup) -> list[str]:
    sections = []
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            sections += _sections(f"{path} {name}", command)
        elif isinstance(command, TyperCommand):
            sections.append(_section(f"{path} {name}", command))
    return sections


def _section(path: str, command: TyperCommand) -> str:
    parameters = [row for each in command.params if (row := _row(each))]
    table = ["| | |", "|---|---|", *parameters, ""] if parameters else []
    examples = _examples(command.epilog or "")
    return "\n".join([f"## {path}", "", _paragraphs(command.help or ""), "", *table, *examples])


def _row(parameter: object) -> str:
    if not isinstance(parameter, TyperOption | TyperArgument) or parameter.name == "help":
        return ""
    if isinstance(parameter, TyperArgument):
        written = parameter.metavar or parameter.name.upper()
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or 'TEXT'}"
        written = ", ".join(parameter.opts) + value
    default = "" if parameter.default in (None, "", False) or callable(parameter.default) else str(parameter.default)
    shown = f" Default: `{default}`." if default and default != "[]" else ""
    return f"| `{written}` | {(parameter.help or '').replace('|', chr(92) + '|')}{shown} |"


def _paragraphs(text: str) -> str:
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip())


def _examples(epilog: str) -> list[str]:
    lines = [line.strip() for line in re.split(r"\n|·", epilog.partition(":")[2]) if line.strip()]
    return ["```sh", *lines, "```", ""] if lines else []


if __name__ == "__main__":
    FILE.write_text(page())
