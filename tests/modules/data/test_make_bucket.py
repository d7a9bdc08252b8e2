import calendar

import pytest

from modules.in_cluster import make_bucket
from modules.in_cluster.make_bucket import signed

# The example of AWS's own documentation of signature version 4 for S3.
KEYS = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"
SIGNATURE = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_requests_are_signed_as_aws_documents_it() -> None:
    now = calendar.timegm((2013, 5, 24, 0, 0, 0))
    made = signed(KEYS, "GET", "examplebucket.s3.amazonaws.com", "/test.txt", "", {"range": "bytes=0-9"}, now)
    assert made["authorization"].endswith(f"Signature={SIGNATURE}")
    assert made["x-amz-date"] == "20130524T000000Z"


ACCOUNTS = "".join(
    f"<Accounts><Access>{name}</Access><Secret>s</Secret><Role>{role}</Role></Accounts>"
    for name, role in {"team-a": "user", "team-b": "user", "operator": "admin"}.items()
)
ANSWERS = {
    "/list-users": f"<ListUserAccountsResult>{ACCOUNTS}</ListUserAccountsResult>",
    "/list-buckets": "<ListBucketsResult><Buckets><Name>team-a</Name><Owner>team-a</Owner></Buckets>"
    "<Buckets><Name>left</Name><Owner>gone</Owner></Buckets></ListBucketsResult>",
}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator's interface, with two teams' accounts, an operator's, and a bucket that lost its owner."""
    monkeypatch.setenv("ADMIN_ACCESS_KEY_ID", "administrator")
    monkeypatch.setattr(make_bucket, "ask", lambda _method, _endpoint, _owner, target: (200, ANSWERS[target]))


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("user", "bucket", "said"),
    [
        ("administrator", "administrator", "is the object store's root account"),
        ("operator", "operator", "the account operator is there, as admin"),
        ("team-b", "team-a", "the bucket team-a is team-a's"),
    ],
)
def test_an_account_or_a_bucket_of_somebody_else_is_never_taken_over(user: str, bucket: str, said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        make_bucket.refuse_anothers(user, bucket)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("name", ["team-a", "new", "left"])
def test_what_is_ones_own_or_nobodys_is_taken(name: str) -> None:
    make_bucket.refuse_anothers(name, name)
