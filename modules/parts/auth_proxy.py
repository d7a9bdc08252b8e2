"""A door for what has no authentication of its own: a sidecar that asks the API server who calls, and whether they may.

A team's Kubernetes token is the one identity, and the rules are those of RBAC. The server itself listens on 127.0.0.1
alone, so the door is shut inside the cluster too, whether or not its network enforces policies.
"""

import json
from dataclasses import dataclass

from modules.contract.api import Object
from modules.contract.lock import lock

NAME = "auth-proxy"
IMAGE = "kube-rbac-proxy"
"""The catalog's name of the image; it belongs into the `images` of each module that has such a door."""
KEEP_ALIVE_SECONDS = 100
"""How long a server behind the door must keep a connection that nothing comes over: the door gives it up after 90 s.

That is Go's net/http.DefaultTransport.IdleConnTimeout. Were it the server that gives up first, as uvicorn does after
5 s unless told otherwise, a request that is on its way at that moment would be answered 502: Go sends no POST twice.
"""
_PLACE = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where client-go looks for a token; ours has the rules in it too."""
_TOKEN_SECONDS = 3607
"""What Kubernetes itself asks for; kubelet renews it."""


@dataclass(frozen=True)
class Resource:
    """What a caller must be allowed to do something with, in RBAC's words; there need be no such resource.

    The verb is the request's: `get` for GET, `create` for POST, `update` for PUT, and `patch` and `delete`. Every other
    method, HEAD among them, wants `*`. An answer is remembered: a yes for five minutes, a no for half a minute.
    """

    namespace: str
    group: str
    resource: str
    subresource: str = ""
    name: str = ""


def auth_proxy(port: int, upstream: int, open_paths: tuple[str, ...] = ()) -> Object:
    """The sidecar: it takes plain HTTP at `port` and hands what is allowed to `upstream`, a port on 127.0.0.1.

    `open_paths` are for kubelet's probes of the server behind it, and answer everybody. The pod needs `volume` too, and
    a service account that `objects` named. The token is taken off what goes on to the server.
    """
    arguments = [
        f"--insecure-listen-address=0.0.0.0:{port}",
        f"--upstream=http://127.0.0.1:{upstream}/",
        f"--config-file={_PLACE}/rules.json",
        *([f"--ignore-paths={','.join(open_paths)}"] if open_paths else []),
    ]
    return {
        "name": NAME,
        "image": lock().image(IMAGE),
        "args": arguments,
        "ports": [{"name": NAME, "containerPort": port}],
        "resources": {"requests": {"cpu": "2m", "memory": "16Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": NAME, "mountPath": _PLACE, "readOnly": True}],
    }


def volume(rules: str = NAME) -> Object:
    """What the sidecar needs of the pod; only the sidecar mounts it, so the server behind it gets no token.

    `rules` is the name that `objects` was given.
    """
    sources: list[Object] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"configMap": {"name": rules, "items": [{"key": "rules.json", "path": "rules.json"}]}},
    ]
    return {"name": NAME, "projected": {"sources": sources}}


def objects(resource: Resource | None, namespace: str, account: str, rules: str = NAME) -> list[Object]:
    """The rules of the doors in a namespace, and the right of its service account `account` to ask the API server.

    Without a resource the caller must be allowed the request's own path (RBAC's `nonResourceURLs`). The account may
    then ask about everybody; it may do nothing else, and see nothing.
    """
    asked = {"authorization": {"resourceAttributes": _attributes(resource)} if resource else {}}
    rbac = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": rules, "namespace": namespace},
            "data": {"rules.json": json.dumps(asked, sort_keys=True)},
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{NAME}-{namespace}-{account}"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "system:auth-delegator"},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    ]


def _attributes(resource: Resource) -> dict[str, str]:
    attributes = {
        "namespace": resource.namespace,
        "apiGroup": resource.group,
        "resource": resource.resource,
        "subresource": resource.subresource,
        "name": resource.name,
    }
    return {key: value for key, value in attributes.items() if value}
