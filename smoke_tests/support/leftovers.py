"""What throwaway teams had in servers that outlive them: databases, buckets, MLflow's workspaces. It goes with a run.

Each server's own means of making an account are used to take it away: the same pod, with the same rights, runs another
program. A team whose namespace is still there belongs to somebody else's run, and keeps what it has.
"""

import copy
import secrets
from concurrent.futures import ThreadPoolExecutor

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.data import database, features, object_store
from modules.models import tracking
from modules.parts.server import resources
from smoke_tests.support import pods
from smoke_tests.support.cluster import NAMESPACE, POD, Cluster
from smoke_tests.support.team import PREFIX

SECONDS = 180
"""One pod's start and its work on two busy cores, an image's pull included."""

_DATABASES = f"""
set -eu
PATH=/usr/lib/postgresql/15/bin:$PATH
psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
SET client_min_messages = warning;
\\getenv there THERE
CREATE TEMPORARY TABLE gone AS
  SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^({features.registry_of("")})?{PREFIX}'
  AND regexp_replace(rolname, '^{features.registry_of("")}', '') <> ALL (string_to_array(:'there', ' '));
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', name) FROM gone \\gexec
SELECT format('DROP ROLE %I', name) FROM gone \\gexec
SELECT name FROM gone;
SQL
"""

_GONE = f"""
import os, sys
sys.path.append("/programs")
def gone(name):
    return name.startswith({PREFIX!r}) and name not in os.environ["THERE"].split()
"""

_BUCKETS = f"""{_GONE}
import boto3
from make_bucket import ask
keys = [os.environ[f"ADMIN_{{name}}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
store = boto3.resource(
    "s3", "{object_store.REGION}", endpoint_url="http://{object_store.HOST}:{object_store.PORT}",
    aws_access_key_id=keys[0], aws_secret_access_key=keys[1],
)
for bucket in store.buckets.all():
    if bucket.name == {tracking.CONSUMER!r}:
        for kept in bucket.objects.filter(Prefix="workspaces/{PREFIX}"):
            if gone(kept.key.split("/")[1]):
                kept.delete()
    elif gone(bucket.name):
        for kept in bucket.objects.all():
            kept.delete()
        bucket.delete()
        status, said = ask(f"/delete-user?access={{bucket.name}}")
        if status >= 300:
            sys.exit(f"account {{bucket.name}}: HTTP {{status}}: {{said}}")
        print(bucket.name)
"""

_WORKSPACES = f"""{_GONE}
from mlflow_team import settle
for workspace in settle("GET", "/api/3.0/mlflow/workspaces")["workspaces"]:
    name = workspace["name"]
    if gone(name):
        settle("DELETE", "/api/2.0/mlflow/users/delete", username=name)
        settle("DELETE", f"/api/3.0/mlflow/workspaces/{{name}}?mode=CASCADE")
        print(name)
"""


def clear(cluster: Cluster) -> dict[str, int]:
    """Takes away what is nobody's any more; how many there were of each kind.

    Raises AssertionError with what a server said when it refuses.
    """
    profile, nobody = cluster.environment.profile, f"{PREFIX}nobody"
    chosen = profile.modules
    work: dict[str, tuple[list[Object], list[str], str]] = {}
    if chosen.database:
        _, account = database.account_for(nobody, profile)
        work["databases"] = account, ["/bin/sh", "-c", _DATABASES], "postgres"
    if chosen.object_store and not chosen.object_store.managed:
        _, account = object_store.account_for(nobody, ("", ""), profile)
        work["buckets"] = account, ["python3", "-c", _BUCKETS], "storage-initializer"
    if chosen.tracking:
        _, account = tracking.account_for(nobody, ("", ""), profile)
        work["workspaces"] = account, ["python3", "-c", _WORKSPACES], "python"
    teams = (found["metadata"]["name"] for found in cluster.find(NAMESPACE))
    there = " ".join(team for team in teams if team.startswith(PREFIX))
    with ThreadPoolExecutor() as threads:
        taken = {kind: threads.submit(_taken_away, cluster, _pod(*how, there)) for kind, how in work.items()}
    return {kind: done.result() for kind, done in taken.items()}


def _pod(account: list[Object], command: list[str], image: str, there: str) -> Object:
    """The pod of the Job that makes an account, with the administrator's credentials and none of the account's."""
    [job] = [made for made in account if made["kind"] == "Job"]
    own = {made["metadata"]["name"] for made in account if made["kind"] == "Secret"}
    spec = copy.deepcopy(job["spec"]["template"]["spec"]) | {"restartPolicy": "Never"}
    [container] = spec["containers"]
    container.pop("envFrom", None)
    given = [one for one in container["env"] if one.get("valueFrom", {}).get("secretKeyRef", {}).get("name") not in own]
    container |= {
        "image": lock().image(image),
        "command": command,
        "env": [*given, {"name": "THERE", "value": there}],
        "resources": resources("5m", "64Mi", "256Mi"),
    }
    metadata = {"name": f"leftovers-{secrets.token_hex(4)}", "namespace": job["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _taken_away(cluster: Cluster, pod: Object) -> int:
    """Runs the pod, which prints a name a line; how many."""
    try:
        return len(pods.output(cluster, pod, SECONDS).split())
    finally:
        cluster.remove(POD, *pods.name_of(pod))
