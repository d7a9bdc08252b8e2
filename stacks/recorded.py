"""What the stack's own state has from the last `up`: in a preview it stands for what an update leaves as it is.

Pulumi takes all outputs of a dynamic resource that is to be updated for unknown, and with a cluster's kubeconfig
everything on the cluster would look as if it were made anew.
"""

import asyncio
from typing import Any

import pulumi
from pulumi import Output


def outputs() -> Output[dict[str, Any]]:
    """In a preview, the stack's outputs as of its last `up`, secrets among them; else, and before the first, nothing.

    A reference of a stack to itself: it is read in each preview, and kept in no state.
    """
    if not pulumi.runtime.is_dry_run():
        return Output.from_input({})
    own = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    return pulumi.StackReference(own).outputs.apply(lambda found: dict(found or {}))


def or_recorded(output: Output[str], key: str, recorded: Output[dict[str, Any]], holds: Output[bool]) -> Output[str]:
    """The output; in a preview that doesn't know it, `key` of what is `recorded`, if it is known that this `holds`."""
    if not pulumi.runtime.is_dry_run():
        return output

    async def of_record() -> str | None:
        if not (await holds.is_known() and await holds.future()):
            return None
        return (await recorded.future() or {}).get(key)

    async def known() -> bool:
        return await output.is_known() or await of_record() is not None

    async def value() -> Any:
        return await output.future() if await output.is_known() else await of_record()

    futures = asyncio.ensure_future(value()), asyncio.ensure_future(known())
    return Output(output.resources(), *futures, output.is_secret())
