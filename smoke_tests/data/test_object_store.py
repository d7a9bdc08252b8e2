"""The object_store module: each team has a bucket that it alone sees, and what lies in it stays."""

from collections.abc import Callable

import pytest

from modules.data.object_store import NAME, NAMESPACE, REGION, bucket_for
from modules.parts.managed_keys import copy_program
from modules.parts.server import secret
from profiles.settings.data import ManagedObjectStore, ObjectStore
from smoke_tests.support import pods
from smoke_tests.support.cluster import SECRET, STATEFUL_SET, Cluster
from smoke_tests.support.s3 import boto_pod, s3_pod
from smoke_tests.support.team import PREFIX, Team, provide, withdraw

WRITE = "s3('PUT', f'/{BUCKET}/kept', 'still here')"
READ = "print(s3('GET', f'/{BUCKET}/kept'))"


@pytest.fixture(scope="module")
def team(shared_teams: Callable[..., Team], cluster: Cluster) -> Team:
    """A team with an object in its bucket."""
    made = shared_teams(access=True)
    pods.output(cluster, s3_pod("writer", made, WRITE))
    return made


def test_object_store_is_ready(ready: Callable[[str], None]) -> None:
    ready("object_store")


def test_a_team_reads_what_it_wrote(cluster: Cluster, team: Team) -> None:
    assert pods.output(cluster, s3_pod("reader", team, READ)).strip() == "still here"


def test_a_wrong_key_is_refused_with_a_reason(cluster: Cluster, team: Team) -> None:
    wrong = "s3('GET', f'/{BUCKET}/kept', keys=(KEYS[0], 'wrong', KEYS[2]))"
    assert "SignatureDoesNotMatch" in pods.refusal(cluster, s3_pod("wrong-key", team, wrong))
    unknown = "s3('GET', f'/{BUCKET}/kept', keys=('nobody', 'wrong', KEYS[2]))"
    assert "InvalidAccessKeyId" in pods.refusal(cluster, s3_pod("unknown-key", team, unknown))


def test_nobody_reads_without_keys(cluster: Cluster, team: Team) -> None:
    said = pods.refusal(cluster, s3_pod("anonymous", team, "s3('GET', f'/{BUCKET}/kept', keys=None)"))
    assert "HTTP 403" in said
    assert "AccessDenied" in said


def test_a_team_sees_no_other_teams_bucket(cluster: Cluster, team: Team, teams: Callable[..., Team]) -> None:
    other = teams(access=True)
    listed = pods.output(cluster, s3_pod("lister", other, "print(s3('GET', '/'))"))
    assert f"<Name>{other.name}</Name>" in listed
    assert team.name not in listed
    for verb, target in (("GET", "kept"), ("PUT", "intruder"), ("DELETE", "kept"), ("GET", "?list-type=2")):
        said = pods.refusal(
            cluster, s3_pod(f"intruder-{verb}-{len(target)}".lower(), other, intrusion(verb, team, target))
        )
        assert "AccessDenied" in said


def intrusion(verb: str, team: Team, target: str) -> str:
    """A request for something in the team's bucket."""
    return f"s3({verb!r}, '/{team.name}{target if target.startswith('?') else f'/{target}'}')"


PRESIGNED = """
s3.put_object(Bucket=BUCKET, Key="signed", Body=b"by a url")
address = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "signed"})
print(urllib.request.urlopen(address, timeout=30).read().decode())
"""
VERSIONS = """
s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
for text in ("first", "second"):
    s3.put_object(Bucket=BUCKET, Key="versioned", Body=text.encode())
s3.delete_object(Bucket=BUCKET, Key="versioned")
kept = s3.list_object_versions(Bucket=BUCKET, Prefix="versioned")["Versions"]
for each in reversed(kept):
    print(s3.get_object(Bucket=BUCKET, Key="versioned", VersionId=each["VersionId"])["Body"].read().decode())
s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
"""
EMPTY_PART = """
s3.put_object(Bucket=BUCKET, Key="x//y", Body=b"both names")
print([each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="x/")["Contents"]])
print(s3.get_object(Bucket=BUCKET, Key="x//y")["Body"].read() == s3.get_object(Bucket=BUCKET, Key="x/y")["Body"].read())
"""
PUBLIC = """
s3.put_object(Bucket=BUCKET, Key="public", Body=b"for all")
read = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{BUCKET}/public"]}
closed = {"Effect": "Deny", "Principal": "*", "Action": ["s3:*BucketPolicy"], "Resource": [f"arn:aws:s3:::{BUCKET}"]}
s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [read, closed]}))
deadline = time.monotonic() + 20
while True:
    try:
        print(s3.get_object(Bucket=BUCKET, Key="signed")["Body"].read().decode())
        break
    except s3.exceptions.ClientError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.1)
print(urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/{BUCKET}/public", timeout=30).read().decode())
s3.delete_bucket_policy(Bucket=BUCKET)
"""


def test_boto3_makes_addresses_that_anybody_may_use_for_a_while(cluster: Cluster, team: Team) -> None:
    assert pods.output(cluster, boto_pod("presigns", team, PRESIGNED)).strip() == "by a url"


def test_a_team_keeps_the_versions_of_its_objects(cluster: Cluster, team: Team) -> None:
    assert pods.output(cluster, boto_pod("versions", team, VERSIONS)).split() == ["first", "second"]


def test_a_key_with_an_empty_part_is_listed_without_it_and_read_by_either_name(cluster: Cluster, team: Team) -> None:
    assert pods.output(cluster, boto_pod("empty-part", team, EMPTY_PART)).split("\n")[:2] == ["['x/y']", "True"]


def test_a_policy_for_the_public_doesnt_shut_the_team_out(cluster: Cluster, team: Team) -> None:
    pods.output(cluster, boto_pod("presigns-first", team, PRESIGNED))
    assert pods.output(cluster, boto_pod("publishes", team, PUBLIC)).split("\n")[:2] == ["by a url", "for all"]


@pytest.mark.disruptive
@pytest.mark.alone
def test_what_was_written_outlives_the_server(cluster: Cluster, team: Team) -> None:
    cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 0)
    cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 1)
    assert pods.output(cluster, s3_pod("reader-again", team, READ)).strip() == "still here"


def test_with_a_managed_service_a_consumer_gets_its_keys_from_the_secret_of_whoever_runs_it(
    cluster: Cluster, team: Team
) -> None:
    profile = cluster.environment.profile
    access = cluster.get(SECRET, "access", team.namespace)
    assert access is not None
    consumer = team.name.removeprefix(PREFIX)
    own = {
        "endpoint": f"http://{NAME}.{NAMESPACE}.svc:9000",
        "region": REGION,
        "secret": team.name,
        "bucket_prefix": PREFIX,
    }
    settings = ObjectStore(managed=ManagedObjectStore.model_validate(own))
    modules = profile.modules.model_copy(update={"object_store": settings})
    keys = {f"{consumer}.access_key_id": "AWS_ACCESS_KEY_ID", f"{consumer}.secret_access_key": "AWS_SECRET_ACCESS_KEY"}
    given = secret(team.name, NAMESPACE, {})
    given["data"] = {key: access["data"][name] for key, name in keys.items()}
    theirs = profile.model_copy(update={"modules": modules})
    objects = [copy_program(NAMESPACE), given, *bucket_for(consumer, team.namespace, theirs)]
    try:
        provide(cluster, objects)
        assert pods.output(cluster, s3_pod("managed", team, READ, secret=NAME)).strip() == "still here"
    finally:
        withdraw(cluster, objects)
