"""Keeps each bucket open to its owner, whatever policy somebody has given it.

In S3 a policy adds to what the owner may do; versitygw puts it in the place of that, so that a policy for the public
would lock its author out of the bucket, and of the policy. Policy and owner are extended attributes of the bucket's
directory (user.policy and user.acl). The directories are under BUCKETS; the kernel tells of each change.
"""

import ctypes
import errno
import json
import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

POLICY, RIGHTS = "user.policy", "user.acl"
OWNERS = "owner-keeps-access"
"""The `Sid` of the statement that is added."""
GONE = (errno.ENODATA, errno.ENOENT, errno.ENOTDIR)
"""What the kernel says of an attribute that isn't there, or of a bucket that has gone meanwhile."""
_ATTRIBUTES, _MADE, _MOVED = 0x4, 0x100, 0x80
"""inotify's IN_ATTRIB, IN_CREATE and IN_MOVED_TO."""


def policy_for(policy: dict[str, Any], owner: str, bucket: str) -> dict[str, Any]:
    """The policy with everything allowed to the bucket's owner, to whom the policy itself is never denied.

    A refusal stays, the owner's too, unless it is of the policy itself: whoever can change the policy can take it back.
    """
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    own = {"Sid": OWNERS, "Effect": "Allow", "Principal": {"AWS": [owner]}, "Action": ["s3:*"], "Resource": resources}
    kept = [
        each
        for each in policy.get("Statement", [])
        if each.get("Sid") != OWNERS and not (_denies_policy(each) and _means(each.get("Principal"), owner))
    ]
    return {**policy, "Statement": [own, *kept]}


def _denies_policy(statement: dict[str, Any]) -> bool:
    """Whether a statement denies to read or change the policy."""
    actions = statement.get("Action", [])
    patterns = [actions] if isinstance(actions, str) else actions
    return statement.get("Effect") == "Deny" and any(
        fnmatchcase(f"s3:{verb}BucketPolicy", pattern) for verb in ("Get", "Put", "Delete") for pattern in patterns
    )


def _means(principal: Any, owner: str) -> bool:
    """Whether a statement's principal is the owner, or everybody."""
    if isinstance(principal, dict):
        return any(_means(each, owner) for each in principal.values())
    if isinstance(principal, list):
        return any(_means(each, owner) for each in principal)
    return principal in ("*", owner) or str(principal).endswith(f"/{owner}")


def keep(bucket: Path) -> None:
    """Give a bucket's owner back what is the owner's. Does nothing where there is no owner or no policy."""
    owner, policy = (_read(bucket, RIGHTS) or {}).get("Owner"), _read(bucket, POLICY)
    if not owner or not policy or policy == (wanted := policy_for(policy, owner, bucket.name)):
        return
    try:
        os.setxattr(bucket, POLICY, json.dumps(wanted).encode(), os.XATTR_REPLACE)
    except OSError as error:
        if error.errno not in GONE:
            raise
    else:
        print(f"bucket {bucket.name}: its policy was without its owner, who is in it now", flush=True)


def _read(bucket: Path, attribute: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(os.getxattr(bucket, attribute)))
    except OSError as error:
        if error.errno in GONE:
            return None
        raise
    except (ValueError, TypeError):
        return None


def main() -> None:
    """Look at every bucket, and again whenever the kernel says that one is new or has changed."""
    buckets = Path(os.environ["BUCKETS"])
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init()
    if watch < 0 or libc.inotify_add_watch(watch, bytes(buckets), _ATTRIBUTES | _MADE | _MOVED) < 0:
        raise SystemExit(f"{buckets} can't be watched: {os.strerror(ctypes.get_errno())}")
    while True:
        for bucket in buckets.iterdir():
            keep(bucket)
        os.read(watch, 65536)


if __name__ == "__main__":
    main()
