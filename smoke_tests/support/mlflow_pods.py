"""Pods that use MLflow: with its client, with bare HTTP, and as the release before would have left its database."""

import json
from typing import NamedTuple

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.models.tracking import HOST
from smoke_tests.support.team import Team
from smoke_tests.support.workload import pod, resources

ACCESS = "access"

_CLIENT = """
import os, mlflow
api = mlflow.MlflowClient()
TEAM = os.environ["MLFLOW_TRACKING_USERNAME"]
"""

_KNOCK = """
import base64, http.client, json, os, urllib.parse
TEAM, PASSWORD = os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]
for path, who, workspace, host in json.loads(os.environ["ASKS"]):
    who = who.replace("TEAM", TEAM).replace("PASSWORD", PASSWORD)
    headers = {"host": host, "x-mlflow-workspace": workspace or TEAM}
    if who:
        headers["authorization"] = "Basic " + base64.b64encode(who.encode()).decode()
    server = urllib.parse.urlsplit(os.environ["MLFLOW_TRACKING_URI"]).netloc
    connection = http.client.HTTPConnection(server, timeout=60)
    connection.request("GET", path, headers=headers)
    print(connection.getresponse().status)
"""

_BEFORE = """
import os, sqlalchemy
from alembic import command
from mlflow.server.auth.db.utils import migrate
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
from werkzeug.security import generate_password_hash
engine = sqlalchemy.create_engine(os.environ["uri"])
Base.metadata.create_all(engine)
config = _get_alembic_config(str(engine.url))
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, os.environ["TABLES"])
migrate(engine, os.environ["USERS"])
rows = [
    "insert into workspaces (name) values ('before')",
    "insert into experiments (experiment_id, name, lifecycle_stage, workspace)"
    " values (7, 'before', 'active', 'before')",
    "insert into runs (run_uuid, name, experiment_id, status, lifecycle_stage, source_type, user_id, start_time,"
    " artifact_uri) values ('0123456789abcdef0123456789abcdef', 'before', 7, 'FINISHED', 'active', 'LOCAL', 'before',"
    " 1, 'mlflow-artifacts:/workspaces/before/7/0123456789abcdef0123456789abcdef/artifacts')",
    "insert into params (run_uuid, key, value) values ('0123456789abcdef0123456789abcdef', 'depth', '3')",
]
with engine.begin() as connection:
    for row in rows:
        connection.execute(sqlalchemy.text(row))
    user = {"hash": generate_password_hash(os.environ["password"])}
    add = "insert into users (id, username, password_hash, is_admin) values (7, 'before', :hash, true)"
    connection.execute(sqlalchemy.text(add), user)
print("made")
"""


class Ask(NamedTuple):
    """A request: TEAM and PASSWORD in `who` are the pod's own; an empty workspace is the team's."""

    path: str
    who: str = "TEAM:PASSWORD"
    workspace: str = ""
    host: str = HOST


def client(name: str, team: Team, script: str, *, secret: str = ACCESS) -> Object:
    """A pod whose script has `mlflow`, its client `api`, and TEAM, with the keys of a Secret of the team's."""
    return _mlflow(name, team, _CLIENT + script, secret)


def knock(name: str, team: Team, asks: list[Ask]) -> Object:
    """A pod that prints the HTTP status of each request."""
    manifest = pod(name, team.namespace, _KNOCK)
    container = manifest["spec"]["containers"][0]
    container["envFrom"] = [{"secretRef": {"name": ACCESS}}]
    container["env"] += [{"name": "ASKS", "value": json.dumps(asks)}]
    return manifest


def before(name: str, team: Team, database: str, tables: str, users: str) -> Object:
    """A pod that fills a database as an older release does: a run with a parameter, an account of the same password.

    `tables` and `users` are the revisions of the tables of runs and of accounts.
    """
    manifest = _mlflow(name, team, _BEFORE, database)
    manifest["spec"]["containers"][0]["env"] += [
        {"name": "TABLES", "value": tables},
        {"name": "USERS", "value": users},
    ]
    return manifest


def _mlflow(name: str, team: Team, script: str, secret: str) -> Object:
    manifest = pod(name, team.namespace, script)
    container = manifest["spec"]["containers"][0]
    container["image"] = lock().image("mlflow")
    container["resources"] = resources(memory="384Mi")
    container["envFrom"] = [{"secretRef": {"name": secret}}]
    # The client asks seven times, for some four minutes, before it says why a server failed.
    retries = {"name": "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "value": "2"}
    container["env"] += [{"name": "HOME", "value": "/tmp"}, retries]
    return manifest
