"""What to say when Pulumi's engine fails: the resources' own errors, not the engine's transcript."""

import re

from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from cairn.errors import UserError
from cairn.progress import Progress, label

NOISE = ("update failed", "preview failed", "destroy failed")
_OWN_FIX = re.compile("`cairn (?!up`)")
"""In a resource's message: a command that is to be run first. The same one again would end as this one did."""


def failed(error: CommandError, progress: Progress, again: str) -> UserError:
    """The error for a failed run: each resource that failed with its message, and the command that goes on.

    Where a message names another command as its fix, that is the fix.
    """
    if isinstance(error, ConcurrentUpdateError):
        return UserError("the stack is locked by another pulumi", where=words(error), fix="wait until it ends")
    messages = [
        f"{label(urn) + ': ' if urn else ''}{text}"
        for urn, texts in progress.errors.items()
        for text in texts
        if text not in NOISE
    ]
    told = any(_OWN_FIX.search(message) for message in messages)
    return UserError(
        f"{len(messages) or 'some'} step{'' if len(messages) == 1 else 's'} failed",
        where="\n".join(messages) or words(error),
        fix="what is said above" if told else f"{again}   (what was made is kept, it goes on from there)",
        exit_code=1,
    )


def words(error: CommandError) -> str:
    """The engine's own error lines, out of the Automation API's record of the command."""
    lines = str(error).splitlines()
    return "\n".join(line.partition("error: ")[2] for line in lines if "error: " in line) or str(error).strip()
