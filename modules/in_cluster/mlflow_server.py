"""Waits for the database, brings its tables up to date, and becomes MLflow's server.

DATABASE_URI is where runs, models, users and permissions are kept; BUCKET and the AWS_ variables name the place of
artifacts; WORKERS says how many processes serve; MLFLOW_AUTH_ADMIN_USERNAME and MLFLOW_AUTH_ADMIN_PASSWORD are the
administrator's. Runs on MLflow's own image.
"""

import os
import time
from pathlib import Path
from typing import NoReturn

import sqlalchemy

PORT = "5000"
USERS = """[mlflow]
default_permission = NO_PERMISSIONS
database_uri = {uri}
authorization_function = mlflow_accounts:authenticate
# Checking a password takes 50 ms of a core, and clients send it with every request.
auth_cache_ttl_seconds = 60
"""


def wait_for(uri: str) -> None:
    """Until the database lets us in."""
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    while True:
        try:
            engine.connect().close()
            return
        except sqlalchemy.exc.OperationalError as error:
            print(f"waiting for the database: {str(error.orig).strip()}", flush=True)
            time.sleep(1)


def set_administrator(uri: str) -> None:
    """Give the administrator the password that its Secret has now: MLflow reads that one on empty tables only."""
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    name, password = os.environ["MLFLOW_AUTH_ADMIN_USERNAME"], os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"]
    store = SqlAlchemyStore()
    store.init_db(uri)
    if store.has_user(name) and not store.authenticate_user(name, password):
        store.update_user(name, password=password)
        print("the administrator has the password of its Secret", flush=True)


def become(command: list[str], extra_env: dict[str, str], **_: object) -> NoReturn:
    """Start the web server in this process's place: MLflow would wait for it, and keep 220 MiB for that."""
    # Its processes look up `mlflow_accounts` by name.
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.execvpe(command[0], command, {**os.environ, **extra_env, "PYTHONPATH": os.pathsep.join(paths)})


def serve(uri: str) -> None:
    """Bring the tables up to date, and become the server. MLflow reads its settings when it is imported."""
    import mlflow.server
    from mlflow.cli import cli
    from mlflow.server.auth.cli import commands as users_cli

    cli(["db", "upgrade", uri], standalone_mode=False)
    users_cli(["db", "upgrade", "--url", uri], standalone_mode=False)
    print("the database's tables are up to date", flush=True)
    set_administrator(uri)
    mlflow.server._exec_cmd = become
    options = [
        *("--host", "0.0.0.0", "--port", PORT, "--workers", os.environ["WORKERS"]),
        *("--app-name", "basic-auth", "--enable-workspaces", "--backend-store-uri", uri),
        *("--serve-artifacts", "--artifacts-destination", f"s3://{os.environ['BUCKET']}"),
    ]
    cli(["server", *options])


def main() -> None:
    """Each step may be cut short and done again."""
    uri = os.environ["DATABASE_URI"]
    users = Path(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
    users.touch(mode=0o600)
    users.write_text(USERS.format(uri=uri.replace("%", "%%")))
    wait_for(uri)
    serve(uri)


if __name__ == "__main__":
    main()
