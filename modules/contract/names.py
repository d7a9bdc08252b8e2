"""Which names a module's server can't give to a team, as data: its own accounts, and what its rules forbid."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class NameRule:
    """A rule for teams' names, and the reason that a person is given where it doesn't hold."""

    reason: str
    taken: frozenset[str] = frozenset()
    """Names that belong to somebody."""
    pattern: str = ".*"
    """What a whole name must match."""

    def allows(self, name: str) -> bool:
        """Whether a team can have this name."""
        return name not in self.taken and re.fullmatch(self.pattern, name) is not None


KUBERNETES = NameRule(
    "it is a namespace of Kubernetes or of the platform's controllers",
    taken=frozenset({"default"}),
    pattern="(?!kube-)(?!.*-system$).*",
)
