"""What modules are installed on: made by a provider in stacks/clusters, used by `installer.install`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from modules.contract.api import Object


def _nothing(_: Object) -> bool:
    return False


@dataclass(frozen=True)
class Cluster:
    """A cluster that modules can be installed on."""

    kubeconfig: pulumi.Output[str]
    """An administrator's kubeconfig; secret."""
    identifier: pulumi.Input[str]
    """What stays the same when the kubeconfig's bytes change; another identifier means another cluster."""
    resource: pulumi.Resource | None = None
    """What everything on the cluster is deleted with; None where the cluster is not Cairn's own."""
    ssh: pulumi.Output[dict[str, Any]] | None = None
    """How to reach the nodes; secret; None where Cairn doesn't provision them."""
    nodes: Sequence[pulumi.Resource] = ()
    """What must be done before all nodes take pods."""
    present: frozenset[str] = frozenset()
    """Modules that somebody else has installed already."""
    is_foreign: Callable[[Object], bool] = _nothing
    """Whether an object like this one is there already and not this environment's own."""
