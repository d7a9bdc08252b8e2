"""Takes away the buckets and accounts of teams that are gone, in a pod that has boto3; prints a name a line.

Of those whose names begin with PREFIX, all that are not in THERE; of other buckets their folders in `workspaces`.
"""

import os
import sys

import boto3

sys.path.append("/programs")
from make_bucket import ask

PREFIX, THERE = os.environ["PREFIX"], os.environ["THERE"].split()


def gone(name: str) -> bool:
    """Whether it is of a team that is there no more."""
    return name.startswith(PREFIX) and name not in THERE


store = boto3.resource(
    "s3",
    os.environ["REGION"],
    endpoint_url=os.environ["ENDPOINT"],
    aws_access_key_id=os.environ["ADMIN_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["ADMIN_SECRET_ACCESS_KEY"],
)
for bucket in store.buckets.all():
    if gone(bucket.name):
        for kept in bucket.object_versions.all():
            kept.delete()
        bucket.delete()
        status, said = ask("PATCH", "ADMIN_ENDPOINT", "ADMIN", f"/delete-user?access={bucket.name}")
        if status >= 300:
            sys.exit(f"account {bucket.name}: HTTP {status}: {said}")
        print(bucket.name)
    elif not bucket.name.startswith(PREFIX):
        # Consumers that keep something of each team have it below a folder of the team's name.
        for kept in bucket.objects.filter(Prefix=f"workspaces/{PREFIX}"):
            if gone(kept.key.split("/")[1]):
                kept.delete()
