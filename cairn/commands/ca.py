"""`cairn ca`: what clients of the entry point trust."""

from pathlib import Path
from typing import Annotated

import typer

from cairn.console import print_json, say
from cairn.errors import UserError
from cairn.options import AsJson, Name

EXAMPLES = """Examples:

    cairn ca --output cairn-ca.pem

    curl --cacert cairn-ca.pem --resolve tracking.cairn.test:443:10.89.0.11 https://tracking.cairn.test

    SSL_CERT_FILE=cairn-ca.pem python my_client.py
"""


def command(
    name: Name = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it there; - is stdout. [default: stdout]"),
    ] = None,
    json: AsJson = False,
) -> None:
    """Print the certificate of the environment's own authority, which signs the entry point's.

    It is no secret. A member of a team finds it in the team's namespace: the ConfigMap `authority`.
    """
    from cairn import destination
    from cairn.cluster import reach
    from cairn.opening import open_environment
    from modules.contract.api import get, path_of
    from modules.registry import entry_of

    file = destination.check(output)
    environment = open_environment(name)
    cluster = reach(environment)
    entry = entry_of(cluster.profile)
    if entry is None:
        raise UserError(
            f"{environment.name} has no entry point, and so no certificate of one",
            where=f"modules of {cluster.profile_name}",
            fix="a profile with `gateway: {}` in its modules, then: cairn up",
        )
    if entry.signed_by:
        raise UserError(
            f"the entry point's certificate is signed by {entry.signed_by}, not by the environment's own authority",
            where=cluster.profile_name,
            fix="nothing to do, if your machine trusts that one",
        )
    found = get(cluster.client, path_of("v1", "configmaps", *entry.authority))
    if found is None:
        raise UserError(f"{environment.name} has no certificate yet", fix=f"cairn up --name {environment.name}")
    text = str(found["data"]["ca.crt"])
    if file:
        destination.write(file, text, destination.PUBLIC)
        say(f"{file} is what clients of *.{entry.domain} trust")
    if json:
        print_json({"environment": environment.name, "domain": entry.domain, "certificate": text})
    elif not file:
        typer.echo(text, nl=False)
