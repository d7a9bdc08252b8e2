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

## Variables

Programs that Cairn starts (pulumi, its plug-ins, helm, kubectl, go, uv) get the shell's variables but these:

| | reach them |
|---|---|
| `HELM_*`, `KUBE*` (`KUBECONFIG` too), `OTEL_*` | never |
| `REGISTRY_*` | never, but `REGISTRY_AUTH_FILE`, a registry's login |
| `PULUMI_*` | those that choose the backend and its key, listed below |
| `AWS_*`, `AZURE_*`, `ARM_*`, `GOOGLE_*`, `GCLOUD_*`, `CLOUDSDK_*` | where a cloud may be asked, as said below |
| `NO_PROXY`, `no_proxy` | with loopback and the environments' own ranges and domains added; what the shell had stays |
| all others | as they are: `GOPROXY`, `UV_*`, `PIP_*`, `HTTPS_PROXY`, `SSL_CERT_FILE`, `DOCKER_CONFIG` ... |

The backend and its key: `PULUMI_BACKEND_URL`, `PULUMI_CONFIG_PASSPHRASE`, `PULUMI_CONFIG_PASSPHRASE_FILE`,
`PULUMI_ACCESS_TOKEN`, `PULUMI_API`, `PULUMI_CREDENTIALS_PATH`, `PULUMI_HOME`, `PULUMI_DIY_BACKEND_*`,
`PULUMI_SELF_MANAGED_STATE_*`. A cloud may be asked when the backend is `s3://`, `gs://` or `azblob://`, when a key is
`awskms://`, `gcpkms://` or `azurekeyvault://`, or when a kubeconfig is named or kept: its login program may want an
account.

`cairn env` sets and unsets the same in a shell, for plain `pulumi`.
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
