"""Keys of a managed service: made by whoever runs it, and copied to those who use it by a job, which alone may."""

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.in_cluster import program
from modules.parts.server import UNPRIVILEGED, config_map, job, pod_security, resources

PROGRAM = "copy-keys"
_RBAC = "rbac.authorization.k8s.io"


def copy_program(namespace: str) -> Object:
    """What `copied` runs; once in a namespace."""
    return config_map(PROGRAM, namespace, {"copy_keys.py": program("copy_keys.py")})


def copied(name: str, namespace: str, source: str, keys: dict[str, str], target: tuple[str, str]) -> list[Object]:
    """A job in `namespace` that copies keys of the Secret `source` there into another one.

    `target` is that one's name and namespace; `keys` says which key of it comes from which key of the source.
    """
    into, elsewhere = target
    account = {"name": name, "namespace": namespace}
    role = {"name": f"{namespace}-keys", "namespace": elsewhere}
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [into], "verbs": ["patch"]}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False},
        {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": role, "rules": [rule]},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": role,
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": role["name"]},
            "subjects": [{"kind": "ServiceAccount", **account}],
        },
        job(name, namespace, _pod(name, source, keys, f"/api/v1/namespaces/{elsewhere}/secrets/{into}")),
    ]


def _pod(account: str, source: str, keys: dict[str, str], into: str) -> Object:
    container = {
        "name": PROGRAM,
        "image": lock().image("python"),
        "command": ["python3", "/programs/copy_keys.py"],
        "env": [
            {"name": "KEYS", "value": " ".join(f"{key}={file}" for key, file in keys.items())},
            {"name": "INTO", "value": into},
        ],
        "resources": resources("5m", "24Mi", "64Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [{"name": "programs", "mountPath": "/programs"}, {"name": "from", "mountPath": "/from"}],
    }
    return {
        "serviceAccountName": account,
        "automountServiceAccountToken": True,
        "securityContext": pod_security(1000),
        "containers": [container],
        "volumes": [
            {"name": "programs", "configMap": {"name": PROGRAM}},
            {"name": "from", "secret": {"secretName": source}},
        ],
    }
