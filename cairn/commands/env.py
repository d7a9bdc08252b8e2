"""`cairn env`: a shell in which plain `pulumi` works."""

import shlex

import typer

from cairn.console import print_json
from cairn.options import AsJson

EXAMPLES = """Examples:

    eval "$(cairn env)"

    pulumi stack init dev && pulumi config set profile laptop && pulumi up
"""


def command(json: AsJson = False) -> None:
    """Print the shell's settings for plain `pulumi`: PATH, backend, passphrase file, plug-ins, and what needs no proxy.

    Makes the passphrase (mode 0600) and the local backend at the first call, and provides the `pulumi` binary.
    Variables that are set already (PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_HOME) are kept; those
    that would lead `pulumi` astray (HELM_DRIVER, KUBECONFIG, PULUMI_STACK) are unset in this shell.
    """
    from cairn.shell import taken
    from cairn.supplying import report
    from cairn.tools import prepare

    with report() as progress:
        variables = prepare(None, progress)
    if json:
        print_json(variables)
        return
    if unwanted := taken():
        typer.echo(f"unset {' '.join(unwanted)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
