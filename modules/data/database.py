"""PostgreSQL: one server with a volume, or a managed one; a role and a database for each consumer."""

from typing import Any

from modules.contract.api import Object
from modules.contract.checks import Check, Exists, RolledOut
from modules.contract.credentials import Password, Text
from modules.contract.lock import lock
from modules.contract.module import Module, Offer
from modules.contract.team import Forgetting
from modules.in_cluster import program
from modules.parts.server import (
    UNPRIVILEGED,
    config_map,
    from_secret,
    job,
    pod_security,
    resources,
    secret,
    server,
    service,
)
from profiles.schema import Profile
from profiles.settings.data import Database, ManagedDatabase

NAMESPACE = "database"
NAME = "database"
HOST = f"{NAME}.{NAMESPACE}.svc"
PORT = 5432
USER = 999
"""The user and group of upstream's image."""
ADMINISTRATOR = "administrator"
"""The Secret with the administrator's user and password."""
PROGRAMS = "programs"

_HBA = "local all all scram-sha-256\nhost all all all scram-sha-256\n"
# PostgreSQL wants its user to have a name, and only upstream's image gives one to that number.
_PASSWD = f"postgres:x:{USER}:{USER}::/tmp:/bin/sh\n"


def database_for(consumer: str, namespace: str, profile: Profile) -> list[Object]:
    """A role and a database of that name, and the Secret `database` in the consumer's namespace with how to reach it.

    Its keys: host, port, database, user, password, and uri, which is all of them.
    """
    keys, objects = account_for(consumer, profile)
    return [secret(NAME, namespace, keys), *objects]


def account_for(consumer: str, profile: Profile, shared_with: str = "") -> tuple[dict[str, Any], list[Object]]:
    """The same for a Secret of another name or form: its keys, and what makes the role and the database.

    The consumer `shared_with` may do there whatever this one may.
    """
    managed = _settings(profile).managed
    password = Password(f"database-{consumer}")
    host, port = (managed.host, managed.port) if managed else (HOST, PORT)
    options = f"?sslmode={managed.ssl_mode}" if managed else ""
    place = f"{host}:{port}/{consumer}{options}"
    keys = {
        "host": host,
        "port": str(port),
        "database": consumer,
        "user": consumer,
        "password": password,
        "uri": Text(f"postgresql://{consumer}:{{password}}@{place}", password=password),
    }
    name = f"consumer-{consumer}"
    job_pod = _make_database(consumer, name, managed, shared_with)
    return keys, [secret(name, NAMESPACE, {"password": password}), job(name, NAMESPACE, job_pod)]


def ssl_mode(profile: Profile) -> str:
    """What PGSSLMODE is for whoever connects."""
    managed = _settings(profile).managed
    return managed.ssl_mode if managed else "disable"


def _make_database(consumer: str, name: str, managed: ManagedDatabase | None, shared_with: str) -> Object:
    administrator = managed.secret if managed else ADMINISTRATOR
    container = {
        "name": "make-database",
        "image": lock().image("postgres"),
        "command": ["/bin/sh", "/programs/make_database.sh"],
        "env": [
            {"name": "PGHOST", "value": managed.host if managed else HOST},
            {"name": "PGPORT", "value": str(managed.port if managed else PORT)},
            {"name": "PGSSLMODE", "value": managed.ssl_mode if managed else "disable"},
            from_secret("PGUSER", administrator, "user"),
            from_secret("PGPASSWORD", administrator, "password"),
            {"name": "NAME", "value": consumer},
            from_secret("PASSWORD", name, "password"),
            {"name": "SHARED_WITH", "value": shared_with},
        ],
        "resources": resources("5m", "16Mi", "64Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [{"name": PROGRAMS, "mountPath": "/programs"}, _PASSWD_MOUNT],
    }
    return {"securityContext": pod_security(USER), "containers": [container], "volumes": [_PROGRAMS_VOLUME]}


_PROGRAMS_VOLUME = {"name": PROGRAMS, "configMap": {"name": PROGRAMS}}
_PASSWD_MOUNT = {"name": PROGRAMS, "mountPath": "/etc/passwd", "subPath": "passwd"}


_FILES = ("postgres.sh", "postgresql.conf", "make_database.sh", "keep_passwords.sh")


def _programs() -> Object:
    files = {name: program(name) for name in _FILES}
    return config_map(PROGRAMS, NAMESPACE, {**files, "pg_hba.conf": _HBA, "passwd": _PASSWD})


def _pod() -> Object:
    container = {
        "name": NAME,
        "image": lock().image("postgres"),
        "command": ["/bin/sh", "/programs/postgres.sh"],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 2},
        "resources": resources("15m", "96Mi", "512Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            {"name": PROGRAMS, "mountPath": "/programs"},
            {"name": ADMINISTRATOR, "mountPath": "/administrator"},
            _PASSWD_MOUNT,
        ],
    }
    return {
        "securityContext": pod_security(USER),
        "containers": [container],
        "volumes": [_PROGRAMS_VOLUME, {"name": ADMINISTRATOR, "secret": {"secretName": ADMINISTRATOR}}],
    }


def _objects(profile: Profile) -> list[Object]:
    settings = _settings(profile)
    if settings.managed:
        return [_programs()]
    return [
        _programs(),
        secret(ADMINISTRATOR, NAMESPACE, {"user": "postgres", "password": Password("database-administrator")}),
        service(NAME, NAMESPACE, {"postgresql": PORT}),
        server(NAME, NAMESPACE, settings.size, _pod()),
    ]


def _ready(profile: Profile) -> tuple[Check, ...]:
    managed = profile.modules.database and profile.modules.database.managed
    if managed:
        return (Exists(api_version="v1", resource="secrets", namespace=NAMESPACE, name=managed.secret),)
    return (RolledOut(kind="StatefulSet", namespace=NAMESPACE, name=NAME),)


def _settings(profile: Profile) -> Database:
    assert profile.modules.database is not None
    return profile.modules.database


def _forgets(profile: Profile) -> Forgetting:
    _, account = account_for("nobody", profile)
    command = ("/bin/sh", "-c", program("forget_databases.sh"))
    return Forgetting("databases", tuple(account), "postgres", command)


MODULE = Module(
    name="database",
    summary="PostgreSQL, with a role and a database for each consumer",
    namespace=NAMESPACE,
    pod_security="restricted",
    images=("postgres",),
    uses=(Offer.VOLUMES,),
    objects=_objects,
    ready=_ready,
    forgets=_forgets,
)
