"""Which part of the platform a resource belongs to: a module, or the cluster."""

import re

from modules.registry import enabled
from profiles.schema import Profile

CLUSTER = "cluster"
MODULE = re.compile(r"\bcairn:module:([a-z0-9_-]+)")


def parts(profile: Profile) -> list[str]:
    """The parts of a profile in the order in which they come up."""
    return [CLUSTER, *(module.name for module in enabled(profile))]


def part_of(urn: str) -> str:
    """The part that a resource belongs to: installer.install puts each module's below a component of its name."""
    found = MODULE.search(urn)
    return found[1] if found else CLUSTER


def is_module(urn: str) -> bool:
    """Whether this is a module's component itself, which the program speaks through."""
    return "::cairn:module:" in urn and "$" not in urn


def settles(kind: str) -> bool:
    """Whether a resource of this type, once it is there, shows that its part serves.

    A module's gate does; the cluster's sign is that a provider could be made from its kubeconfig.
    """
    return kind.endswith(":Ready") or kind == "pulumi:providers:kubernetes"
