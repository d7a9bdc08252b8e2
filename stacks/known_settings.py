"""The settings that a stack of this project may have; a mistyped one is refused, not passed over."""

import difflib
from collections.abc import Iterable

from stacks.errors import ClusterError

KNOWN = ("profile", "supply", "set", "kubeconfig", "context")


def refuse_unknown(keys: Iterable[str], project: str) -> None:
    """Raise ClusterError for a key of the project's own that nothing reads; other projects' keys are theirs."""
    own = [name for space, _, name in (key.partition(":") for key in keys) if space == project]
    for name in own:
        if name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KNOWN)}"
            raise ClusterError(f"there is no setting {name} ({hint}): pulumi config rm {name}")
