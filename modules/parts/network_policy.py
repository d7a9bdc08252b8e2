"""Whether a cluster's network enforces NetworkPolicy: the API server takes policies either way."""

from kubernetes.client import ApiClient

from modules.contract.api import get, path_of

# The agents of the networks that do, by the names of their DaemonSets.
ENFORCERS = frozenset(
    {"antrea-agent", "aws-node", "calico-node", "canal", "cilium", "kindnet", "kube-network-policies", "kube-router"}
)


def enforced(client: ApiClient) -> bool:
    """Whether an agent that is known to enforce policies runs on the cluster. Raises ApiError."""
    found = get(client, path_of("apps/v1", "daemonsets"))
    return any(daemon["metadata"]["name"] in ENFORCERS for daemon in (found or {}).get("items", []))
