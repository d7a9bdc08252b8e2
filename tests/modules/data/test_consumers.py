"""What the object store and the database give to those who use them, run by Cairn or managed by somebody else."""

from typing import Any

import pytest

from modules.contract.api import Object
from modules.contract.credentials import Password, named
from modules.data import database, object_store, online_store
from modules.people.teams import access_objects
from modules.registry import team_part
from profiles.load import load
from profiles.schema import Profile

LAPTOP = load("laptop")
S3 = {"endpoint": "https://s3.example", "region": "eu-1", "secret": "theirs", "bucket_prefix": "acme-"}
MANAGED = load(
    "laptop",
    {
        "modules.object_store.managed": S3,
        "modules.database.managed": {"host": "db.example", "secret": "theirs"},
        "modules.online_store.managed": {"host": "redis.example", "secret": "theirs"},
    },
)


def one(objects: list[Object], kind: str, namespace: str) -> dict[str, Any]:
    [found] = [made for made in objects if made["kind"] == kind and made["metadata"]["namespace"] == namespace]
    return found


def environment(job: Object) -> dict[str, Any]:
    [container] = job["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def test_a_consumer_gets_a_database_of_its_name_and_a_password_of_its_own() -> None:
    given = one(database.database_for("tracking", "elsewhere", LAPTOP), "Secret", "elsewhere")["stringData"]
    assert given["password"] == Password("database-tracking")
    assert named(given["uri"]) == (
        "postgresql://tracking:<password database-tracking>@database.database.svc:5432/tracking"
    )


def test_a_managed_database_is_reached_over_tls_with_the_administrator_of_the_named_secret() -> None:
    objects = database.database_for("tracking", "elsewhere", MANAGED)
    assert named(one(objects, "Secret", "elsewhere")["stringData"]["uri"]).endswith(
        "@db.example:5432/tracking?sslmode=require"
    )
    asked = environment(one(objects, "Job", "database"))
    assert asked["PGHOST"] == "db.example"
    assert asked["PGUSER"] == {"secretKeyRef": {"name": "theirs", "key": "user"}}


def test_a_consumers_bucket_has_its_name_and_its_keys_are_its_own() -> None:
    given = one(object_store.bucket_for("tracking", "elsewhere", LAPTOP), "Secret", "elsewhere")["stringData"]
    assert given["BUCKET"] == given["AWS_ACCESS_KEY_ID"] == "tracking"
    assert given["AWS_SECRET_ACCESS_KEY"] == Password("object-store-tracking")


def test_of_a_managed_object_store_a_consumer_gets_the_keys_that_are_there_for_it() -> None:
    objects = object_store.bucket_for("tracking", "elsewhere", MANAGED)
    given = one(objects, "Secret", "elsewhere")["stringData"]
    assert given == {
        "AWS_ENDPOINT_URL": "https://s3.example",
        "AWS_DEFAULT_REGION": "eu-1",
        "BUCKET": "acme-tracking",
    }
    asked = environment(one(objects, "Job", "object-store"))
    assert asked["KEYS"] == (
        "AWS_ACCESS_KEY_ID=tracking.access_key_id AWS_SECRET_ACCESS_KEY=tracking.secret_access_key"
    )
    [rule] = one(objects, "Role", "elsewhere")["rules"]
    assert rule["resourceNames"] == ["object-store"]
    assert rule["verbs"] == ["patch"]


def test_the_password_of_a_managed_online_store_is_copied_and_connections_are_encrypted() -> None:
    objects = online_store.store_for("elsewhere", MANAGED)
    given = one(objects, "Secret", "elsewhere")["stringData"]
    about = "redis.example, whose memory is set by whoever runs it"
    assert given == {"host": "redis.example", "port": "6379", "tls": "true", "about": about}
    assert environment(one(objects, "Job", "online-store"))["KEYS"] == "password=password"


def test_the_online_store_keeps_what_the_profile_says_and_its_pod_has_room_to_rewrite_its_log() -> None:
    objects = online_store.MODULE.objects(load("laptop", {"modules.online_store.memory": "100Mi"}))
    assert "maxmemory 104857600\n" in named(one(objects, "Secret", "online-store")["stringData"]["redis.conf"])
    [container] = one(objects, "StatefulSet", "online-store")["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["memory"] == "264Mi"


@pytest.mark.parametrize("module", [object_store, database, online_store])
def test_with_a_managed_service_no_server_is_run(module: Any) -> None:
    made = module.MODULE.objects
    assert [each for each in made(LAPTOP) if each["kind"] == "StatefulSet"]
    assert {each["kind"] for each in made(MANAGED)} == {"ConfigMap"}
    assert [str(check) for check in module.MODULE.ready(MANAGED)] == [f"secrets {module.NAMESPACE}/theirs"]


def test_a_teams_access_holds_what_the_modules_that_are_on_give() -> None:
    given = one(access_objects("red", team_part("red", LAPTOP)), "Secret", "red")
    assert given["metadata"]["name"] == "access"
    assert given["stringData"]["BUCKET"] == "red"
    assert access_objects("red", team_part("red", load("mini"))) == []


@pytest.mark.parametrize("profile", [LAPTOP, MANAGED], ids=["own", "managed"])
def test_every_pod_of_ours_keeps_to_the_restricted_level(profile: Profile) -> None:
    objects = [
        *database.MODULE.objects(profile),
        *database.database_for("x", "elsewhere", profile),
        *object_store.MODULE.objects(profile),
        *object_store.bucket_for("x", "elsewhere", profile),
        *online_store.MODULE.objects(profile),
        *online_store.store_for("elsewhere", profile),
    ]
    pods = [made["spec"]["template"]["spec"] for made in objects if "template" in made.get("spec", {})]
    assert pods
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert all(not each["securityContext"]["allowPrivilegeEscalation"] for each in pod["containers"])
        assert all({"cpu", "memory"} <= set(each["resources"]["requests"]) for each in pod["containers"])


@pytest.mark.parametrize(
    ("used", "said"),
    [
        (30, ()),
        (60, ("nearly full: 60 of 64 MiB (modules.online_store.memory)",)),
        (65, ("is full: 65 of 64 MiB",)),
    ],
)
def test_a_store_that_is_full_or_nearly_so_says_which_setting_it_is(used: int, said: tuple[str, ...]) -> None:
    info = f"# Memory\r\nused_memory:{used * 2**20}\r\nused_memory_human:x\r\nmaxmemory:{64 * 2**20}\r\n"
    notes = online_store.memory_notes(info)
    assert len(notes) == len(said)
    assert all(words in note for words, note in zip(said, notes, strict=True))


def test_nothing_is_said_of_a_report_that_has_no_memory_in_it() -> None:
    assert online_store.memory_notes("# Memory") == ()


def test_whoever_serves_the_store_can_say_which_setting_its_memory_is() -> None:
    given = one(online_store.store_for("elsewhere", LAPTOP), "Secret", "elsewhere")["stringData"]
    assert "64Mi (modules.online_store.memory)" in given["about"]
