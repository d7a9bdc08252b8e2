"""What the stack's own state has from the last `up`: in a preview it stands for what an update leaves as it is.

Pulumi takes all outputs of a dynamic resource that is to be updated for unknown, and with a cluster's kubeconfig
everything on the cluster would look as if it were made anew.
"""

import asyncio
from typing import Any

import pulumi
from pulumi import Output


def outputs() -> dict[str, Any]:
    """The stack's outputs as of its last `up`, secrets among them; empty before the first."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
    return dict((answer or {}).get("outputs") or {})


def or_recorded(output: Output[str], recorded: str | None, holds: Output[bool]) -> Output[str]:
    """The output; in a preview that doesn't know it, what is `recorded`, if it is known that this still `holds`."""
    if recorded is None or not pulumi.runtime.is_dry_run():
        return output

    async def known() -> bool:
        return await output.is_known() or (await holds.is_known() and bool(await holds.future()))

    async def value() -> Any:
        return await output.future() if await output.is_known() else recorded if await known() else None

    return Output(
        output.resources(), asyncio.ensure_future(value()), asyncio.ensure_future(known()), output.is_secret()
    )
