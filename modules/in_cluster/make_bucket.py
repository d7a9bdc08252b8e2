"""Makes a consumer's account and bucket in versitygw, or brings them to what they should be.

ADMIN_ENDPOINT, ADMIN_ACCESS_KEY_ID and ADMIN_SECRET_ACCESS_KEY are the administrator's; AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and BUCKET the consumer's; REGION is the server's. At the end the consumer's
keys are tried.
"""

import hashlib
import hmac
import os
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit
from xml.etree import ElementTree


def signature(secret: str, region: str, day: str, text: str) -> str:
    """The signature that AWS calls version 4."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def signed(
    keys: tuple[str, str, str], method: str, host: str, target: str, body: str, headers: dict[str, str], now: float
) -> dict[str, str]:
    """The headers of a request by the owner of `keys` (its name, the secret, the region).

    `target` is its path and query, the query's parts in order, each with its `=`.
    """
    path, _, query = target.partition("?")
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    digest = hashlib.sha256(body.encode()).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": moment, **headers}
    names = sorted(headers)
    lines = [f"{name}:{headers[name]}\n" for name in names]
    request = "\n".join([method, path, query, "".join(lines), ";".join(names), digest])
    scope = f"{moment[:8]}/{keys[2]}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    made = signature(keys[1], keys[2], moment[:8], text)
    fields = f"Credential={keys[0]}/{scope}, SignedHeaders={';'.join(names)}, Signature={made}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {fields}"}


def ask(method: str, endpoint: str, owner: str, target: str, body: str = "", **headers: str) -> tuple[int, str]:
    """Send one request with the keys in the environment that begin with `owner`; the answer's status and text.

    Waits for a server.
    """
    host = urlsplit(os.environ[endpoint]).netloc
    keys = os.environ[f"{owner}_ACCESS_KEY_ID"], os.environ[f"{owner}_SECRET_ACCESS_KEY"], os.environ["REGION"]
    while True:
        connection = HTTPConnection(host, timeout=10)
        made = signed(keys, method, host, target, body, headers, time.time())
        try:
            connection.request(method, target, body, made)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except OSError as error:
            print(f"waiting for the object store at {host}: {error}", flush=True)
            time.sleep(1)
        finally:
            connection.close()


def refuse_anothers(user: str, bucket: str) -> None:
    """End if the account or the bucket that is there is not this consumer's; one without owner is anybody's."""
    if user == os.environ["ADMIN_ACCESS_KEY_ID"]:
        raise SystemExit(f"{user} is the object store's root account, which nobody else gets: choose another name")
    roles = listed("/list-users", "Accounts", "Access", "Role")
    if roles.get(user, "user") != "user":
        raise SystemExit(f"the account {user} is there, as {roles[user]}: choose another name")
    owner = listed("/list-buckets", "Buckets", "Name", "Owner").get(bucket, user)
    if owner != user and owner in roles:
        raise SystemExit(f"the bucket {bucket} is {owner}'s: choose another name")


def listed(target: str, entries: str, key: str, value: str) -> dict[str, str]:
    """What the administrator's interface lists, as `key` and `value` of each entry."""
    status, said = ask("PATCH", "ADMIN_ENDPOINT", "ADMIN", target)
    if status >= 300:
        raise SystemExit(f"{target}: HTTP {status}: {said}")
    return {each.findtext(key, ""): each.findtext(value, "") for each in ElementTree.fromstring(said).iter(entries)}


def settle(done: str, *attempts: tuple[str, str, dict[str, str]]) -> None:
    """Do the first of the attempts that is not refused because the thing is there already."""
    for target, body, headers in attempts:
        status, said = ask("PATCH", "ADMIN_ENDPOINT", "ADMIN", target, body, **headers)
        if status < 300:
            print(done, flush=True)
            return
        if status != 409:
            break
    raise SystemExit(f"{target.partition('?')[0]}: HTTP {status}: {said}")


def main() -> None:
    """Make the account, then the bucket, and try the one on the other."""
    user, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    bucket = os.environ["BUCKET"]
    refuse_anothers(user, bucket)
    account = f"<Account><Access>{user}</Access><Secret>{secret}</Secret><Role>user</Role></Account>"
    settle(
        f"account {user} is there",
        ("/create-user", account, {}),
        (f"/update-user?access={user}", f"<MutableProps><Secret>{secret}</Secret></MutableProps>", {}),
    )
    settle(
        f"bucket {bucket} is there",
        (f"/{bucket}/create", "", {"x-vgw-owner": user}),
        (f"/change-bucket-owner?bucket={bucket}&owner={user}", "", {}),
    )
    status, said = ask("GET", "AWS_ENDPOINT_URL", "AWS", f"/{bucket}?list-type=2&max-keys=1")
    if status >= 300:
        raise SystemExit(f"the keys of {user} don't open its bucket {bucket}: HTTP {status}: {said}")
    print("its keys open it", flush=True)


if __name__ == "__main__":
    main()
