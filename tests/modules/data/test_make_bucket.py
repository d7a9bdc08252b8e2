import calendar

from modules.in_cluster.make_bucket import signed

# The example of AWS's own documentation of signature version 4 for S3.
KEYS = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"
SIGNATURE = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_requests_are_signed_as_aws_documents_it() -> None:
    now = calendar.timegm((2013, 5, 24, 0, 0, 0))
    made = signed(KEYS, "GET", "examplebucket.s3.amazonaws.com", "/test.txt", "", {"range": "bytes=0-9"}, now)
    assert made["authorization"].endswith(f"Signature={SIGNATURE}")
    assert made["x-amz-date"] == "20130524T000000Z"
