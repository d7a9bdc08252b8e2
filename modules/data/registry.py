"""CNCF distribution: images that each team pushes with its own token, and that the nodes pull without any."""

from ipaddress import IPv4Network
from typing import Any

import yaml

from modules.contract.api import Object
from modules.contract.checks import RolledOut
from modules.contract.lock import lock
from modules.contract.module import Module, Offer
from modules.contract.team import Forgetting
from modules.in_cluster import program
from modules.parts.routes import host, route_for
from modules.parts.server import UNPRIVILEGED, config_map, job, pod_security, resources, server, service
from profiles.schema import Profile

NAMESPACE = "registry"
NAME = "registry"
PORT = 5000
"""The door: pushes and pulls with a team's token. The entry point leads here."""
NODES_PORT = 5001
"""Where nodes pull from: everything, without a token, and nothing can be changed there."""
OWN_PORT = 5002
"""The registry itself, on 127.0.0.1, so that nobody gets past the door."""
USER = 1000
DOOR = "registry_door.py"
CONFIGURATION, PROGRAMS, ACCOUNT = "configuration", "programs", "account"
_ADDRESS = 11
"""Which of the services' addresses is the registry's on local nodes, since they are told it before it is there.

It is among the sixteen or more at the range's beginning that Kubernetes itself hands out last; .1 is the API server's
and .10 the name server's.
"""
_DATA = "/var/lib/registry"
_RBAC = "rbac.authorization.k8s.io"


def _address(profile: Profile) -> str:
    return str(IPv4Network(profile.cluster.service_range)[_ADDRESS])


def _configuration(address: str, **storage: Any) -> str:
    return yaml.safe_dump(
        {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": _DATA}, **storage},
            # Clients name the host themselves, which the door and the entry point have changed nothing of.
            "http": {"addr": address, "relativeurls": True},
        },
        sort_keys=False,
    )


def _distribution(name: str, *, read_only: bool) -> Object:
    return {
        "name": name,
        "image": lock().image("registry"),
        "command": ["/bin/registry", "serve", f"/etc/distribution/{name}.yml"],
        "env": [
            {"name": "OTEL_TRACES_EXPORTER", "value": "none"},
            # A pod's memory counts the cache of its files too: Go's share of it is kept small.
            {"name": "GOMEMLIMIT", "value": "128MiB"},
        ],
        "resources": resources("5m", "24Mi", "192Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [
            {"name": "data", "mountPath": _DATA, "readOnly": read_only},
            {"name": CONFIGURATION, "mountPath": "/etc/distribution"},
        ],
    }


def _door() -> Object:
    return {
        "name": "door",
        "image": lock().image("python"),
        "command": ["python3", f"/programs/{DOOR}"],
        "env": [{"name": "PORT", "value": str(PORT)}, {"name": "UPSTREAM", "value": str(OWN_PORT)}],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": PORT}, "periodSeconds": 2},
        "resources": resources("5m", "24Mi", "192Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [
            {"name": PROGRAMS, "mountPath": "/programs"},
            {"name": ACCOUNT, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
        ],
    }


def _pod() -> Object:
    nodes = {
        **_distribution("nodes", read_only=True),
        "ports": [{"containerPort": NODES_PORT}],
        "readinessProbe": {"httpGet": {"path": "/v2/", "port": NODES_PORT}, "periodSeconds": 2},
    }
    sources: list[Object] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    return {
        "serviceAccountName": NAME,
        "securityContext": pod_security(USER),
        "containers": [_distribution(NAME, read_only=False), nodes, _door()],
        "volumes": [
            {"name": CONFIGURATION, "configMap": {"name": CONFIGURATION}},
            {"name": PROGRAMS, "configMap": {"name": PROGRAMS}},
            {"name": ACCOUNT, "projected": {"sources": sources}},
        ],
    }


def _account() -> list[Object]:
    """The door's, which may ask the API server whose a token is, and what its owner may do; and nothing else."""
    account = {"name": NAME, "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "registry-door"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "system:auth-delegator"},
            "subjects": [{"kind": "ServiceAccount", **account}],
        },
    ]


def _service(profile: Profile) -> Object:
    made = service(NAME, NAMESPACE, {"http": PORT, "nodes": NODES_PORT})
    if profile.cluster.provider == "local":
        made["spec"]["clusterIP"] = _address(profile)
    return made


def _objects(profile: Profile) -> list[Object]:
    assert profile.modules.registry is not None
    configuration = {
        f"{NAME}.yml": _configuration(f"127.0.0.1:{OWN_PORT}", delete={"enabled": True}),
        "nodes.yml": _configuration(f"0.0.0.0:{NODES_PORT}", maintenance={"readonly": {"enabled": True}}),
    }
    return [
        *_account(),
        config_map(CONFIGURATION, NAMESPACE, configuration),
        config_map(PROGRAMS, NAMESPACE, {DOOR: program(DOOR)}),
        _service(profile),
        *route_for(NAME, NAMESPACE, NAME, PORT, profile),
        server(NAME, NAMESPACE, profile.modules.registry.size, _pod()),
    ]


def _registries(profile: Profile) -> dict[str, str]:
    return {host(NAME, profile): f"http://{_address(profile)}:{NODES_PORT}/v2"}


def _forgets(_: Profile) -> Forgetting:
    """By a pod at the same volume: repositories are directories of it."""
    container = {
        "name": "forget",
        "image": lock().image("python"),
        "env": [{"name": "REPOSITORIES", "value": "/data/docker/registry/v2/repositories"}],
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": f"data-{NAME}-0"}}]
    pod = {"securityContext": pod_security(USER), "containers": [container], "volumes": volumes}
    command = ("python3", "-c", program("forget_repositories.py"))
    return Forgetting("repositories", (job("forget", NAMESPACE, pod),), "python", command)


MODULE = Module(
    name="registry",
    summary="a registry: images that teams push themselves, with their own tokens",
    namespace=NAMESPACE,
    pod_security="restricted",
    images=("registry", "python"),
    requires=("gateway",),
    uses=(Offer.VOLUMES, Offer.HOSTS),
    objects=_objects,
    registries=_registries,
    forgets=_forgets,
    ready=lambda _: (RolledOut(kind="StatefulSet", namespace=NAMESPACE, name=NAME),),
)
