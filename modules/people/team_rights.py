"""What a team's members may do: in their namespace by a Role, and what they may see of the whole cluster."""

from collections.abc import Iterable, Sequence

from modules.contract.api import Object
from modules.contract.team import ACCOUNT, READ, WRITE, may

READERS = "team-members"
"""The ClusterRole with what every member may see of what belongs to no team."""
_RBAC = "rbac.authorization.k8s.io"
_CHANGE = ("get", "update", "patch")

_KUBERNETES_OWN = (
    may(WRITE, "batch", "jobs", "cronjobs"),
    may(("get",), "batch", "jobs/status", "cronjobs/status"),
    may(WRITE, "apps", "deployments", "statefulsets"),
    may(_CHANGE, "apps", "deployments/scale", "statefulsets/scale"),
    may(("get",), "apps", "deployments/status", "statefulsets/status"),
    # Revisions are what `kubectl rollout history` and `rollout undo` read.
    may(READ, "apps", "replicasets", "controllerrevisions"),
    # No update of pods: taking a pod's scheduling gate away would pass the queue by. No ephemeral containers either,
    # which nothing counts.
    may((*READ, "create", "delete", "deletecollection"), "", "pods"),
    may(("get",), "", "pods/log", "pods/status"),
    may(("get", "create"), "", "pods/exec", "pods/attach", "pods/portforward"),
    may(("create",), "", "pods/eviction"),
    may(WRITE, "", "configmaps", "secrets", "services", "persistentvolumeclaims"),
    may(("get",), "", "services/status", "persistentvolumeclaims/status", "resourcequotas/status"),
    {**may(READ, "", "events"), "apiGroups": ["", "events.k8s.io"]},
    may(READ, "", "resourcequotas", "limitranges", "serviceaccounts", "endpoints"),
    may(READ, "discovery.k8s.io", "endpointslices"),
    # What `kubectl get all` asks for besides.
    may(READ, "", "replicationcontrollers"),
    may(READ, "apps", "daemonsets"),
    may(READ, "networking.k8s.io", "networkpolicies"),
    may(READ, _RBAC, "roles", "rolebindings"),
    may(READ, "autoscaling", "horizontalpodautoscalers"),
)
"""What members may do with kinds that no module brings."""

_OF_THE_CLUSTER = (
    may(READ, "storage.k8s.io", "storageclasses"),
    may(READ, "scheduling.k8s.io", "priorityclasses"),
    may(READ, "resource.k8s.io", "deviceclasses"),
)
"""What members may see of kinds that belong to no namespace and no module brings. Nothing of it is secret."""


def account(name: str, rules: Sequence[Object]) -> list[Object]:
    """The account of a team's members, with `rules` of the modules' besides Kubernetes' own kinds."""
    metadata = {"name": ACCOUNT, "namespace": name}
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": name}
    own = f"{ACCOUNT}-{name}"
    # Its own queue tells what is left of the quota, and nothing of other teams.
    queue = {**may(("get",), "kueue.x-k8s.io", "clusterqueues", "clusterqueues/status"), "resourceNames": [name]}
    return [
        # The token is for people: pods that run as this account get none.
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False},
        {**_role("Role", ACCOUNT, [*_KUBERNETES_OWN, *rules]), "metadata": metadata},
        {**_binding("RoleBinding", "Role", ACCOUNT, subject), "metadata": metadata},
        _role("ClusterRole", own, [queue]),
        _binding("ClusterRoleBinding", "ClusterRole", own, subject),
    ]


def readers(modules: Iterable[Sequence[Object]]) -> list[Object]:
    """Lets every account see what belongs to no team; `modules` are the rules that each module adds.

    One binding, to everybody who is known, so that it doesn't grow with the teams.
    """
    everybody = {"apiGroup": _RBAC, "kind": "Group", "name": "system:authenticated"}
    rules = [*_OF_THE_CLUSTER, *(rule for given in modules for rule in given)]
    return [_role("ClusterRole", READERS, rules), _binding("ClusterRoleBinding", "ClusterRole", READERS, everybody)]


def _role(kind: str, name: str, rules: Sequence[Object]) -> Object:
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": name}, "rules": list(rules)}


def _binding(kind: str, role_kind: str, role: str, subject: Object) -> Object:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": {"name": role},
        "roleRef": {"apiGroup": _RBAC, "kind": role_kind, "name": role},
        "subjects": [subject],
    }
