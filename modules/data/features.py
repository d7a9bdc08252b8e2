"""Feast: a project for each team, with a registry of its own, and one feature server that keeps them apart."""

from modules.contract.api import Object
from modules.contract.checks import RolledOut
from modules.contract.credentials import Text
from modules.contract.lock import lock
from modules.contract.module import Module, Offer
from modules.contract.team import ACCOUNT, TeamPart
from modules.data import database, online_store
from modules.in_cluster import program
from modules.parts.auth_proxy import IMAGE as AUTH_PROXY
from modules.parts.auth_proxy import KEEP_ALIVE_SECONDS, auth_proxy, volume
from modules.parts.auth_proxy import objects as auth_objects
from modules.parts.routes import route_for
from modules.parts.server import UNPRIVILEGED, config_map, from_secret, pod_security, resources, service
from profiles.schema import Profile

NAMESPACE = "features"
NAME = "features"
PORT = 6566
OWN_PORT = 8080
"""Where the server listens, on 127.0.0.1."""
USER = 1000
PROGRAM = "feature-server"
_RBAC = "rbac.authorization.k8s.io"


def for_team(team: str, profile: Profile) -> TeamPart:
    """What a team's scripts need, as examples/features/feature_store.yaml reads it, and what stands behind it.

    The registry is a database that the team alone writes. Online features are read and written through the server.
    """
    registry, objects = database.account_for(registry_of(team), profile, shared_with=NAME)
    uri: Text = registry["uri"]
    keys = {
        # Feast takes no dash in the name of a project.
        "FEAST_PROJECT": team.replace("-", "_"),
        "FEAST_REGISTRY": Text(uri.template.replace("postgresql:", "postgresql+psycopg:"), **uri.parts),
        "FEAST_SERVER": f"http://{NAME}.{NAMESPACE}.svc:{PORT}/{team}",
    }
    return TeamPart(access=keys, accounts=(*objects, *_use_of_path(team)))


def registry_of(team: str) -> str:
    """The name of the team's registry, which is a role and a database."""
    return f"features-{team}"


def _use_of_path(team: str) -> list[Object]:
    """The right of the team's account to its own path of the server; the proxy in front of it asks for it."""
    metadata = {"name": registry_of(team)}
    return [
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": [{"nonResourceURLs": [f"/{team}/*"], "verbs": ["get", "create"]}],
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": metadata["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": team}],
        },
    ]


def _server(profile: Profile) -> Object:
    settings = {"DATABASE": database.NAME, "STORE": online_store.NAME}
    wanted = {"DATABASE": ("host", "port", "user", "password"), "STORE": ("host", "port", "tls", "password", "about")}
    return {
        "name": NAME,
        "image": lock().image("features"),
        "command": ["python3", "/programs/feature_server.py"],
        "env": [
            {"name": "PORT", "value": str(OWN_PORT)},
            {"name": "KEEP_ALIVE_SECONDS", "value": str(KEEP_ALIVE_SECONDS)},
            {"name": "PGSSLMODE", "value": database.ssl_mode(profile)},
            *(
                from_secret(f"{prefix}_{key.upper()}", name, key)
                for prefix, name in settings.items()
                for key in wanted[prefix]
            ),
        ],
        "resources": resources("10m", "320Mi", "640Mi"),
        "securityContext": {**UNPRIVILEGED, "readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": "programs", "mountPath": "/programs"}, {"name": "tmp", "mountPath": "/tmp"}],
    }


def _deployment(profile: Profile) -> Object:
    assert profile.modules.features is not None
    pod = {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(USER),
        "containers": [_server(profile), _door()],
        "volumes": [
            {"name": "programs", "configMap": {"name": PROGRAM}},
            {"name": "tmp", "emptyDir": {}},
            volume(),
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "replicas": profile.modules.features.replicas,
            "selector": {"matchLabels": {"app": NAME}},
            "template": {"metadata": {"labels": {"app": NAME}}, "spec": pod},
        },
    }


def _door() -> Object:
    # Only what is behind it can tell that it serves.
    probe = {"httpGet": {"path": "/health", "port": PORT}, "periodSeconds": 5}
    return {**auth_proxy(PORT, OWN_PORT, open_paths=("/health",)), "readinessProbe": probe}


def _objects(profile: Profile) -> list[Object]:
    account = {"name": NAME, "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account, "automountServiceAccountToken": False},
        *auth_objects(None, NAMESPACE, NAME),
        *database.database_for(NAME, NAMESPACE, profile),
        *online_store.store_for(NAMESPACE, profile),
        config_map(PROGRAM, NAMESPACE, {"feature_server.py": program("feature_server.py")}),
        service(NAME, NAMESPACE, {"http": PORT}),
        *route_for(NAME, NAMESPACE, NAME, PORT, profile),
        _deployment(profile),
    ]


MODULE = Module(
    name="features",
    summary="Feast: features to train on, and the same ones to serve from",
    namespace=NAMESPACE,
    pod_security="restricted",
    images=("features", AUTH_PROXY),
    requires=("object_store", "database", "online_store"),
    uses=(Offer.HOSTS,),
    objects=_objects,
    team=for_team,
    ready=lambda _: (RolledOut(kind="Deployment", namespace=NAMESPACE, name=NAME),),
)
