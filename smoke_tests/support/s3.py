"""Pods that speak S3 with the keys of a team's Secret `access`, by Python's standard library alone."""

import inspect

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.in_cluster import make_bucket
from smoke_tests.support.team import Team
from smoke_tests.support.workload import CONNECTED, pod, resources

_CLIENT = f"""
import hashlib, hmac, http.client, os, sys, time, urllib.parse
{inspect.getsource(make_bucket.signature)}
{inspect.getsource(make_bucket.signed)}
KEYS = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["AWS_DEFAULT_REGION"]
BUCKET = os.environ["BUCKET"]
{CONNECTED}
def s3(method, target, body="", keys=KEYS):
    host = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
    headers = signed(keys, method, host, target, body, {{}}, time.time()) if keys else {{}}
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.sock = connected(*host.split(":"))
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status >= 300:
        sys.exit(f"HTTP {{answer.status}}: {{text}}")
    return text
"""


_BOTO = """
import boto3, json, os, time, urllib.request
s3, BUCKET = boto3.client("s3"), os.environ["BUCKET"]
"""


def boto_pod(name: str, team: Team, script: str) -> Object:
    """A pod whose script has boto3's client `s3`, as the team's Secret configures it, and BUCKET."""
    manifest = pod(name, team.namespace, _BOTO + script)
    container = manifest["spec"]["containers"][0]
    container["image"] = lock().image("storage-initializer")
    container["envFrom"] = [{"secretRef": {"name": "access"}}]
    container["resources"] = resources(memory="128Mi")
    return manifest


def s3_pod(name: str, team: Team, script: str, secret: str = "access") -> Object:
    """A pod whose script has `s3(method, target, body, keys)`, KEYS and BUCKET; a refusal ends it with S3's words."""
    manifest = pod(name, team.namespace, _CLIENT + script)
    manifest["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": secret}}]
    return manifest
