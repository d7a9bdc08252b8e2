"""Redis: one server with a volume, or a managed one; a password for whoever keeps features in it."""

from typing import Any

from kubernetes.client import ApiClient

from modules.contract.api import Object, execute
from modules.contract.checks import Check, Exists, RolledOut
from modules.contract.credentials import Password, Text
from modules.contract.lock import lock
from modules.contract.module import Module, Offer
from modules.parts.managed_keys import copied, copy_program
from modules.parts.server import UNPRIVILEGED, from_secret, pod_security, resources, secret, server, service
from profiles.quantity import amount
from profiles.schema import Profile
from profiles.settings.data import OnlineStore

NAMESPACE = "online-store"
NAME = "online-store"
HOST = f"{NAME}.{NAMESPACE}.svc"
PORT = 6379
USER = 999
"""The user and group of upstream's image."""
SERVER = "server"
"""The Secret with the password and the server's settings."""
PASSWORD = Password("online-store")

# Features can be materialised again, but one that was dropped without a word looks like one that never was.
_SETTINGS = """bind * -::*
port {port}
requirepass {password}
maxmemory {memory}
maxmemory-policy noeviction
dir /data
save ""
appendonly yes
appendfsync everysec
"""


def store_for(namespace: str, profile: Profile) -> list[Object]:
    """The Secret `online-store` in a consumer's namespace, with the keys host, port, tls (true or false) and password.

    All consumers share one store: only systems that keep their users apart are given it, never teams. `about` says in a
    person's words which store it is and what sets how much it keeps, for whoever has to say that it is full.
    """
    managed = _settings(profile).managed
    if managed is None:
        place: dict[str, Any] = {"host": HOST, "port": str(PORT), "tls": "false", "password": PASSWORD}
        place["about"] = f"{HOST}, which keeps {_settings(profile).memory} (modules.online_store.memory)"
        return [secret(NAME, namespace, place)]
    place = {"host": managed.host, "port": str(managed.port), "tls": str(managed.tls).lower()}
    place["about"] = f"{managed.host}, whose memory is set by whoever runs it"
    copies = copied(f"consumer-{namespace}", NAMESPACE, managed.secret, {"password": "password"}, (NAME, namespace))
    return [secret(NAME, namespace, place), *copies]


def _server_settings(memory: int) -> Text:
    template = _SETTINGS.replace("{port}", str(PORT)).replace("{memory}", str(memory))
    return Text(template, password=PASSWORD)


def _pod(memory: int) -> Object:
    # Rewriting the log forks: what is changed meanwhile is there twice.
    limit = f"{2 * memory // 2**20 + 64}Mi"
    container = {
        "name": NAME,
        "image": lock().image("redis"),
        "command": ["redis-server", "/settings/redis.conf"],
        # Whoever runs redis-cli in the pod is let in; the images have no shell in common.
        "env": [from_secret("REDISCLI_AUTH", SERVER, "password")],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 2},
        "resources": resources("5m", "16Mi", limit),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": SERVER, "mountPath": "/settings"}],
    }
    volumes = [{"name": SERVER, "secret": {"secretName": SERVER}}]
    return {"securityContext": pod_security(USER), "containers": [container], "volumes": volumes}


def _objects(profile: Profile) -> list[Object]:
    settings = _settings(profile)
    if settings.managed:
        return [copy_program(NAMESPACE)]
    memory = int(amount(settings.memory))
    return [
        secret(SERVER, NAMESPACE, {"password": PASSWORD, "redis.conf": _server_settings(memory)}),
        service(NAME, NAMESPACE, {"redis": PORT}),
        server(NAME, NAMESPACE, settings.size, _pod(memory)),
    ]


def _ready(profile: Profile) -> tuple[Check, ...]:
    managed = profile.modules.online_store and profile.modules.online_store.managed
    if managed:
        return (Exists(api_version="v1", resource="secrets", namespace=NAMESPACE, name=managed.secret),)
    return (RolledOut(kind="StatefulSet", namespace=NAMESPACE, name=NAME),)


_NEARLY = 0.9
"""From how much of its memory on the store's state is worth a word."""


def memory_notes(info: str) -> tuple[str, ...]:
    """What there is to say of Redis' own report of its memory. Pure."""
    found = dict(line.strip().split(":", 1) for line in info.splitlines() if ":" in line)
    used, most = int(found.get("used_memory", 0)), int(found.get("maxmemory", 0))
    if used < most * _NEARLY or not most:
        return ()
    state = "is full" if used >= most else "is nearly full"
    return (
        f"the store {state}: {used / 2**20:.0f} of {most / 2**20:.0f} MiB (modules.online_store.memory), which all "
        "teams share; what doesn't fit is refused, what is there is read",
    )


def _notes(client: ApiClient) -> tuple[str, ...]:
    command = ["redis-cli", "-p", str(PORT), "info", "memory"]
    return memory_notes(execute(client, NAMESPACE, f"{NAME}-0", NAME, command))


def _settings(profile: Profile) -> OnlineStore:
    assert profile.modules.online_store is not None
    return profile.modules.online_store


MODULE = Module(
    name="online_store",
    summary="Redis, for the features that models read while they serve",
    namespace=NAMESPACE,
    pod_security="restricted",
    images=("redis", "python"),
    uses=(Offer.VOLUMES,),
    objects=_objects,
    ready=_ready,
    notes=_notes,
)
