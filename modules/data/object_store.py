"""S3: versitygw on a volume, or a managed service; a bucket and keys for each consumer, who sees no other bucket."""

from typing import Any

from modules.contract.api import Object
from modules.contract.checks import Check, Exists, RolledOut
from modules.contract.credentials import Password
from modules.contract.lock import lock
from modules.contract.module import Module, Offer
from modules.contract.names import NameRule
from modules.contract.team import ACCESS, Forgetting, TeamPart
from modules.in_cluster import program
from modules.parts.managed_keys import copied, copy_program
from modules.parts.routes import route_for
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
from profiles.settings.data import ObjectStore

NAMESPACE = "object-store"
NAME = "object-store"
HOST = f"{NAME}.{NAMESPACE}.svc"
PORT = 9000
ADMIN_PORT = 9001
"""Where accounts are made; the gateway doesn't route to it."""
REGION = "cairn"
"""Not us-east-1, for which S3's clients still sign some requests as they did before 2014; versitygw refuses those."""
USER = 1000
ADMINISTRATOR = "administrator"
"""The Secret with the administrator's keys."""
ROOT = "administrator"
"""The root account's key ID."""
PROGRAMS = "programs"
OWNERS = "owners"
"""The container that keeps buckets open to their owners."""
KEY_ID, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"


def address(profile: Profile) -> tuple[str, str]:
    """The endpoint, as a URL, and the region."""
    managed = _settings(profile).managed
    return (managed.endpoint, managed.region) if managed else (f"http://{HOST}:{PORT}", REGION)


def bucket_for(consumer: str, namespace: str, profile: Profile) -> list[Object]:
    """A bucket that only this consumer's account sees, and the Secret `object-store` in the consumer's namespace.

    Its keys are what S3's clients read from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
    AWS_ENDPOINT_URL and AWS_DEFAULT_REGION; and BUCKET.
    """
    keys, objects = account_for(consumer, (NAME, namespace), profile)
    return [secret(NAME, namespace, keys), *objects]


def account_for(consumer: str, target: tuple[str, str], profile: Profile) -> tuple[dict[str, Any], list[Object]]:
    """The same for a Secret that holds more: the keys to put into it, and what makes the account and the bucket.

    `target` is the Secret's name and namespace.
    """
    name, managed = f"consumer-{consumer}", _settings(profile).managed
    if managed:
        place = {
            "AWS_ENDPOINT_URL": managed.endpoint,
            "AWS_DEFAULT_REGION": managed.region,
            "BUCKET": f"{managed.bucket_prefix}{consumer}",
        }
        pair = {KEY_ID: f"{consumer}.access_key_id", SECRET_KEY: f"{consumer}.secret_access_key"}
        return place, copied(name, NAMESPACE, managed.secret, pair, target)
    account = {KEY_ID: consumer, SECRET_KEY: Password(f"object-store-{consumer}"), "BUCKET": consumer}
    place = {"AWS_ENDPOINT_URL": f"http://{HOST}:{PORT}", "AWS_DEFAULT_REGION": REGION}
    given = {**account, **place}
    return given, [secret(name, NAMESPACE, given), job(name, NAMESPACE, _make_bucket(name))]


def _make_bucket(name: str) -> Object:
    container = {
        "name": "make-bucket",
        "image": lock().image("python"),
        "command": ["python3", "/programs/make_bucket.py"],
        "env": [
            {"name": "ADMIN_ENDPOINT", "value": f"http://{HOST}:{ADMIN_PORT}"},
            {"name": "REGION", "value": REGION},
            from_secret("ADMIN_ACCESS_KEY_ID", ADMINISTRATOR, "ROOT_ACCESS_KEY_ID"),
            from_secret("ADMIN_SECRET_ACCESS_KEY", ADMINISTRATOR, "ROOT_SECRET_ACCESS_KEY"),
        ],
        "envFrom": [{"secretRef": {"name": name}}],
        "resources": resources("5m", "24Mi", "64Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [{"name": PROGRAMS, "mountPath": "/programs"}],
    }
    volumes = [{"name": PROGRAMS, "configMap": {"name": PROGRAMS}}]
    return {"securityContext": pod_security(USER), "containers": [container], "volumes": volumes}


def _pod() -> Object:
    container = {
        "name": NAME,
        "image": lock().image("versitygw"),
        "command": ["/usr/local/bin/versitygw"],
        "args": [
            *(f"--port=:{PORT}", f"--admin-port=:{ADMIN_PORT}", f"--region={REGION}", "--health=/health", "--quiet"),
            *("--iam-dir=/data/accounts", "posix", "--versioning-dir=/data/versions", "/data/buckets"),
        ],
        "envFrom": [{"secretRef": {"name": ADMINISTRATOR}}],
        # A pod's memory counts the cache of its files too: Go's share of it is kept small.
        "env": [{"name": "GOMEMLIMIT", "value": "192MiB"}],
        "ports": [{"containerPort": PORT}, {"containerPort": ADMIN_PORT}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": PORT}, "periodSeconds": 2},
        "resources": resources("5m", "48Mi", "256Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [
            {"name": "data", "mountPath": "/data/buckets", "subPath": "buckets"},
            {"name": "data", "mountPath": "/data/accounts", "subPath": "accounts"},
            {"name": "data", "mountPath": "/data/versions", "subPath": "versions"},
        ],
    }
    owners = {
        "name": OWNERS,
        "image": lock().image("python"),
        "command": ["python3", "/programs/keep_owners.py"],
        "env": [{"name": "BUCKETS", "value": "/data/buckets"}],
        "resources": resources("5m", "16Mi", "64Mi"),
        "securityContext": UNPRIVILEGED,
        "volumeMounts": [
            {"name": "data", "mountPath": "/data/buckets", "subPath": "buckets"},
            {"name": PROGRAMS, "mountPath": "/programs"},
        ],
    }
    volumes = [{"name": PROGRAMS, "configMap": {"name": PROGRAMS}}]
    return {"securityContext": pod_security(USER), "containers": [container, owners], "volumes": volumes}


def _objects(profile: Profile) -> list[Object]:
    if _settings(profile).managed:
        return [copy_program(NAMESPACE)]
    root = {"ROOT_ACCESS_KEY_ID": ROOT, "ROOT_SECRET_ACCESS_KEY": Password("object-store-administrator")}
    return [
        config_map(PROGRAMS, NAMESPACE, {name: program(name) for name in ("make_bucket.py", "keep_owners.py")}),
        secret(ADMINISTRATOR, NAMESPACE, root),
        service(NAME, NAMESPACE, {"s3": PORT, "admin": ADMIN_PORT}),
        *route_for("s3", NAMESPACE, NAME, PORT, profile),
        server(NAME, NAMESPACE, _settings(profile).size, _pod()),
    ]


def _ready(profile: Profile) -> tuple[Check, ...]:
    managed = profile.modules.object_store and profile.modules.object_store.managed
    if managed:
        return (Exists(api_version="v1", resource="secrets", namespace=NAMESPACE, name=managed.secret),)
    return (RolledOut(kind="StatefulSet", namespace=NAMESPACE, name=NAME),)


def _settings(profile: Profile) -> ObjectStore:
    assert profile.modules.object_store is not None
    return profile.modules.object_store


def _for_team(team: str, profile: Profile) -> TeamPart:
    keys, accounts = account_for(team, (ACCESS, team), profile)
    return TeamPart(access=keys, accounts=tuple(accounts))


def _forgets(profile: Profile) -> Forgetting | None:
    if _settings(profile).managed:
        return None
    _, account = account_for("nobody", ("", ""), profile)
    place = {"ENDPOINT": f"http://{HOST}:{PORT}", "REGION": REGION}
    command = ("python3", "-c", program("forget_buckets.py"))
    return Forgetting("buckets", tuple(account), "storage-initializer", command, place)


def _names(profile: Profile) -> tuple[NameRule, ...]:
    """A team's bucket is called as the team; in a managed service, with the profile's prefix."""
    managed = _settings(profile).managed
    prefix = managed.bucket_prefix if managed else ""
    least, most = max(3 - len(prefix), 1), 63 - len(prefix)
    bucket = f"a bucket's name in S3 has 3 to 63 letters, and the team's is {prefix}NAME"
    rules = (NameRule(bucket, pattern=f".{{{least},{most}}}"),)
    if managed:
        return rules
    return (*rules, NameRule("it is the root account of the object store", taken=frozenset({ROOT})))


MODULE = Module(
    name="object_store",
    summary="S3, with a bucket and keys for each consumer",
    namespace=NAMESPACE,
    pod_security="restricted",
    images=("versitygw", "python"),
    uses=(Offer.VOLUMES, Offer.HOSTS),
    objects=_objects,
    team=_for_team,
    names=_names,
    ready=_ready,
    forgets=_forgets,
)
