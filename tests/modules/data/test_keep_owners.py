"""A bucket's owner can't be shut out by a policy."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from modules.in_cluster import keep_owners

PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::red/*"]}
    ],
}


def denial(action: Any, principal: Any = "*") -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": principal, "Action": action, "Resource": ["arn:aws:s3:::red/*"]}


def test_a_policy_for_the_public_is_kept_and_its_owner_may_do_everything() -> None:
    own, public = keep_owners.policy_for(PUBLIC, "red", "red")["Statement"]
    assert public == PUBLIC["Statement"][0]
    assert (own["Effect"], own["Principal"], own["Action"]) == ("Allow", {"AWS": ["red"]}, ["s3:*"])
    assert own["Resource"] == ["arn:aws:s3:::red", "arn:aws:s3:::red/*"]


def test_a_policy_that_was_seen_to_stays_as_it_is() -> None:
    once = keep_owners.policy_for(PUBLIC, "red", "red")
    assert keep_owners.policy_for(once, "red", "red") == once


@pytest.mark.parametrize("action", ["s3:*", ["s3:DeleteBucketPolicy"], ["s3:GetObject", "s3:Put*"]])
@pytest.mark.parametrize("principal", ["*", {"AWS": ["red", "blue"]}, {"AWS": "arn:aws:iam::123456789012:user/red"}])
def test_nobody_can_deny_the_owner_the_policy_itself(action: Any, principal: Any) -> None:
    policy = {**PUBLIC, "Statement": [*PUBLIC["Statement"], denial(action, principal)]}
    assert len(keep_owners.policy_for(policy, "red", "red")["Statement"]) == 2


@pytest.mark.parametrize("kept", [denial(["s3:DeleteObject"]), denial("s3:*", {"AWS": ["blue"]})])
def test_other_refusals_stay(kept: dict[str, Any]) -> None:
    policy = {**PUBLIC, "Statement": [kept]}
    assert kept in keep_owners.policy_for(policy, "red", "red")["Statement"]


class Attributes:
    """The extended attributes of a bucket's directory."""

    def __init__(self, **values: Any) -> None:
        self.values = {name.replace("_", "."): json.dumps(value).encode() for name, value in values.items()}

    def get(self, _: Path, name: str) -> bytes:
        if name not in self.values:
            raise OSError(errno.ENODATA, "none")
        return self.values[name]

    def set(self, _: Path, name: str, value: bytes, flags: int) -> None:
        assert flags == os.XATTR_REPLACE
        self.values[name] = value


@pytest.mark.parametrize(
    ("attributes", "changes"),
    [
        (Attributes(user_acl={"Owner": "red"}, user_policy=PUBLIC), True),
        (Attributes(user_acl={"Owner": "red"}), False),
        (Attributes(user_policy=PUBLIC), False),
        (Attributes(), False),
    ],
    ids=["a policy", "no policy", "no owner", "no bucket"],
)
def test_only_a_policy_of_a_bucket_with_an_owner_is_changed(
    attributes: Attributes, changes: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "getxattr", attributes.get)
    monkeypatch.setattr(os, "setxattr", attributes.set)
    before = dict(attributes.values)
    keep_owners.keep(Path("/data/buckets/red"))
    assert (attributes.values != before) is changes
    assert ("red" in capsys.readouterr().out) is changes
