"""MLflow: runs, models and artifacts of each team, behind a name and password of its own."""

from modules.contract.api import Object
from modules.contract.checks import RolledOut
from modules.contract.credentials import Password
from modules.contract.lock import lock
from modules.contract.module import Module, Offer
from modules.contract.names import NameRule
from modules.contract.team import Forgetting, TeamPart
from modules.data.database import NAME as DATABASE
from modules.data.database import database_for
from modules.data.object_store import NAME as OBJECT_STORE
from modules.data.object_store import bucket_for
from modules.in_cluster import program
from modules.parts.routes import host, route_for
from modules.parts.server import UNPRIVILEGED, config_map, from_secret, job, pod_security, resources, secret, service
from profiles.schema import Profile
from profiles.settings.models import Tracking

NAMESPACE = "tracking"
NAME = "tracking"
CONSUMER = "tracking"
"""What MLflow's own database and bucket are called."""
HOST = f"{NAME}.{NAMESPACE}.svc"
PORT = 5000
URI = f"http://{HOST}:{PORT}"
USER = 1000
ADMINISTRATOR = "administrator"
"""The Secret with the administrator's name and password, and the key that signs sessions."""
ADMINISTRATORS_NAME = "administrator"
"""The administrator's account."""
PROGRAMS = "programs"
SERVER, ACCOUNTS, TEAM = "mlflow_server.py", "mlflow_accounts.py", "mlflow_team.py"

_WORKER_MIB = 320
"""What a process that serves takes; 240 MiB when idle."""


def for_team(team: str, _: Profile) -> TeamPart:
    """The team's keys, as MLflow's client reads them from the environment, and what makes its workspace and account."""
    name, password = f"team-{team}", Password(f"tracking-{team}")
    keys = {
        "MLFLOW_TRACKING_URI": URI,
        "MLFLOW_TRACKING_USERNAME": team,
        "MLFLOW_TRACKING_PASSWORD": password,
        "MLFLOW_WORKSPACE": team,
        # MLflow's default experiment is nobody's; this one is made by the first run.
        "MLFLOW_EXPERIMENT_NAME": team,
    }
    account = secret(name, NAMESPACE, {"password": password}), job(name, NAMESPACE, _make_account(team, name))
    return TeamPart(access=keys, accounts=account)


def _make_account(team: str, name: str) -> Object:
    container = {
        "name": "make-account",
        "image": lock().image("python"),
        "command": ["python3", f"/programs/{TEAM}"],
        "env": [
            {"name": "SERVER", "value": URI},
            from_secret("ADMINISTRATOR", ADMINISTRATOR, "user"),
            from_secret("ADMINISTRATOR_PASSWORD", ADMINISTRATOR, "password"),
            {"name": "TEAM", "value": team},
            from_secret("PASSWORD", name, "password"),
        ],
        "resources": resources("5m", "24Mi", "64Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [_PROGRAMS_MOUNT],
    }
    return {"securityContext": pod_security(USER), "containers": [container], "volumes": [_PROGRAMS_VOLUME]}


_PROGRAMS_VOLUME = {"name": PROGRAMS, "configMap": {"name": PROGRAMS}}
_PROGRAMS_MOUNT = {"name": PROGRAMS, "mountPath": "/programs"}


def allowed_hosts(profile: Profile) -> list[str]:
    """The names that MLflow answers to, with any port: its service's, the gateway's, and localhost's if forwarded."""
    inside = [NAME, f"{NAME}.{NAMESPACE}", HOST, f"{HOST}.cluster.local", "localhost", "127.0.0.1"]
    names = [*inside, *([outside] if (outside := host(NAME, profile)) else [])]
    return [pattern for name in names for pattern in (name, f"{name}:*")]


def server_pod(profile: Profile) -> Object:
    """The server's pod."""
    workers = _settings(profile).workers
    container = {
        "name": NAME,
        "image": lock().image("mlflow"),
        "command": ["python3", f"/programs/{SERVER}"],
        "envFrom": [{"secretRef": {"name": OBJECT_STORE}}],
        "env": [
            from_secret("DATABASE_URI", DATABASE, "uri"),
            {"name": "WORKERS", "value": str(workers)},
            from_secret("MLFLOW_AUTH_ADMIN_USERNAME", ADMINISTRATOR, "user"),
            from_secret("MLFLOW_AUTH_ADMIN_PASSWORD", ADMINISTRATOR, "password"),
            from_secret("MLFLOW_FLASK_SERVER_SECRET_KEY", ADMINISTRATOR, "session_key"),
            {"name": "MLFLOW_AUTH_CONFIG_PATH", "value": "/tmp/users.ini"},
            {"name": "MLFLOW_SERVER_ALLOWED_HOSTS", "value": ",".join(allowed_hosts(profile))},
            # Evaluations by language models, in processes of their own.
            {"name": "MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "value": "false"},
            {"name": "MLFLOW_DISABLE_TELEMETRY", "value": "true"},
            {"name": "HOME", "value": "/tmp"},
        ],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": PORT}, "periodSeconds": 2},
        "resources": resources("15m", f"{workers * _WORKER_MIB}Mi", f"{workers * _WORKER_MIB + 448}Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [_PROGRAMS_MOUNT, {"name": "tmp", "mountPath": "/tmp"}],
    }
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(USER),
        "containers": [container],
        "volumes": [_PROGRAMS_VOLUME, {"name": "tmp", "emptyDir": {}}],
    }


def _deployment(profile: Profile) -> Object:
    labels = {"app": NAME}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "replicas": 1,
            # The old server must be gone before the new one changes the tables.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": server_pod(profile)},
        },
    }


def _objects(profile: Profile) -> list[Object]:
    administrator = {
        "user": ADMINISTRATORS_NAME,
        "password": Password("tracking-administrator"),
        "session_key": Password("tracking-session"),
    }
    return [
        *database_for(CONSUMER, NAMESPACE, profile),
        *bucket_for(CONSUMER, NAMESPACE, profile),
        config_map(PROGRAMS, NAMESPACE, {name: program(name) for name in (SERVER, ACCOUNTS, TEAM)}),
        secret(ADMINISTRATOR, NAMESPACE, administrator),
        service(NAME, NAMESPACE, {"http": PORT}),
        *route_for(NAME, NAMESPACE, NAME, PORT, profile),
        _deployment(profile),
    ]


def _settings(profile: Profile) -> Tracking:
    assert profile.modules.tracking is not None
    return profile.modules.tracking


def _forgets(profile: Profile) -> Forgetting:
    command = ("python3", "-c", program("forget_workspaces.py"))
    return Forgetting("workspaces", for_team("nobody", profile).accounts, "python", command)


_NAMES = (
    NameRule("it is the account of MLflow's administrator", taken=frozenset({ADMINISTRATORS_NAME})),
    # mlflow/store/workspace/abstract_store.py, WorkspaceNameValidator
    NameRule(
        "MLflow keeps this name of a workspace for itself",
        taken=frozenset({"default", "workspaces", "api", "ajax-api", "static-files"}),
    ),
    NameRule("a workspace of MLflow has 2 letters at least", pattern=".{2,63}"),
)

MODULE = Module(
    name="tracking",
    summary="MLflow: runs, models and artifacts, with a workspace for each team",
    namespace=NAMESPACE,
    pod_security="restricted",
    images=("mlflow", "python"),
    requires=("database", "object_store"),
    uses=(Offer.HOSTS,),
    objects=_objects,
    team=for_team,
    forgets=_forgets,
    names=lambda _: _NAMES,
    ready=lambda _: (RolledOut(kind="Deployment", namespace=NAMESPACE, name=NAME),),
)
