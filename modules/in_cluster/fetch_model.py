"""Brings models to where a server reads them, as KServe's storage initializer does: pairs of an address and a folder.

KServe takes every key of a bucket that begins as the address does: `s3://team-a/iris/1` would bring versions 10 to 19
too. Here it is the object of that name or else the folder, and nothing beside it.
"""

import sys
from typing import Any

from kserve_storage import Storage


def exact(address: str) -> str:
    """The address of a model in S3, with a slash at its end unless an object has this very name."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if key.endswith("/") or (key and _is_object(bucket, key)):
        return address
    return f"{address}/"


def _is_object(bucket: str, key: str) -> bool:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        boto3.client("s3", **Storage._get_s3_client_kwargs()).head_object(Bucket=bucket, Key=key)
    except (BotoCoreError, ClientError):
        # Why it can't be read is said by who reads it.
        return False
    return True


def main(arguments: list[str]) -> None:
    """Fetch them all. Raises RuntimeError, with the address, for one that can't be had."""
    fetch = Storage._download_s3

    def fetch_exactly(address: str, *rest: Any) -> Any:
        return fetch(exact(address), *rest)

    Storage._download_s3 = staticmethod(fetch_exactly)
    Storage.download_files(arguments[::2], arguments[1::2])


if __name__ == "__main__":
    main(sys.argv[1:])
