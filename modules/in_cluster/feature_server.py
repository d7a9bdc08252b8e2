"""One feature server for all teams: under /TEAM/ lies the team's own Feast project, with the team's own registry.

It listens on 127.0.0.1 alone; the proxy beside it has asked Kubernetes whether the caller may use the path.
DATABASE_HOST, DATABASE_PORT, DATABASE_USER and DATABASE_PASSWORD reach the registries, STORE_HOST, STORE_PORT,
STORE_TLS and STORE_PASSWORD the online store, of which STORE_ABOUT says what it is and keeps; KEEP_ALIVE_SECONDS is how
long an idle connection stays open.
"""

import asyncio
import json
import logging
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any

import dill
import uvicorn
from fastapi import Request
from fastapi.responses import JSONResponse
from feast import FeatureStore, RepoConfig
from feast.errors import FeastError
from feast.feature_server import get_app
from feast.transformation import udf_rehydrate
from redis.exceptions import ResponseError
from sqlalchemy.exc import OperationalError

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

PORT = int(os.environ.get("PORT", "8080"))
PATH = re.compile("/(?P<team>[a-z0-9-]+)(?P<rest>/get-online-features|/write-to-online-store)")
"""What is served of Feast's interface: to read, and to write what a team's own job has materialised."""
FRESH_SECONDS = 5
"""How old a team's definitions may be."""


def refuse_code(*_: object, **__: object) -> None:
    """Stands in for what runs Python code out of a registry: teams write their registries, and share this process."""
    raise ValueError("transformations run where features are made: this server runs no code of a team's")


def store_of(team: str) -> FeatureStore:
    """The team's feature store. Raises OperationalError while its registry can't be reached."""
    own = os.environ
    role = f"features-{team}"
    place = f"{own['DATABASE_HOST']}:{own['DATABASE_PORT']}/{role}"
    user = f"{own['DATABASE_USER']}:{own['DATABASE_PASSWORD']}"
    # As the team's role, so that whatever is made there is the team's.
    registry = f"postgresql+psycopg://{user}@{place}?options=-c%20role%3D{role}"
    store = f"{own['STORE_HOST']}:{own['STORE_PORT']},password={own['STORE_PASSWORD']},ssl={own['STORE_TLS']}"
    settings = {
        # Feast takes no dash in the name of a project.
        "project": team.replace("-", "_"),
        "provider": "local",
        "registry": {
            "registry_type": "sql",
            "path": registry,
            "cache_ttl_seconds": FRESH_SECONDS,
            "sqlalchemy_config_kwargs": {"pool_size": 1, "max_overflow": 1, "pool_pre_ping": True},
        },
        "online_store": {"type": "redis", "connection_string": store},
        "entity_key_serialization_version": 3,
    }
    return FeatureStore(config=RepoConfig(**settings))


FULL = "the online store is full, and not all was written: {about}, for all teams together; what is there is still read"
CALLERS = (ValueError, TypeError, LookupError)
"""What Feast and pandas raise for features, columns and types that don't fit."""


async def explain(_: Request, error: Exception) -> JSONResponse:
    """An error as Feast's clients read it: with what the caller can do about it, and without the server's insides."""
    logging.getLogger("uvicorn.error").error("a request failed", exc_info=error)
    status, said = 400, f"no such column or feature: {error}" if isinstance(error, LookupError) else str(error)
    if isinstance(error, ResponseError):
        full = "maxmemory" in str(error)
        status, said = (507, FULL.format(about=os.environ["STORE_ABOUT"])) if full else (502, "the store refused it")
    return JSONResponse(FeastError(said).to_error_detail(), status)


async def answer(send: Send, status: int, detail: str) -> None:
    """Send a short answer in the form of Feast's own."""
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})


class Teams:
    """Hands each request to the server of its team, which is made when the first one comes."""

    def __init__(self) -> None:
        self._servers: dict[str, App] = {}
        self._making = asyncio.Lock()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] == "/health":
            return await answer(send, 200, "serving")
        found = PATH.fullmatch(scope["path"])
        if found is None:
            return await answer(send, 404, "there is /TEAM/get-online-features and /TEAM/write-to-online-store")
        try:
            server = await self._server(found["team"])
        except OperationalError as error:
            missing = "does not exist" in str(error)
            return await answer(
                send,
                404 if missing else 503,
                f"team {found['team']} has no registry" if missing else "the registry can't be reached",
            )
        return await server({**scope, "path": found["rest"], "raw_path": found["rest"].encode()}, receive, send)

    async def _server(self, team: str) -> App:
        async with self._making:
            if team not in self._servers:
                store = await asyncio.to_thread(store_of, team)
                server = get_app(store, registry_ttl_sec=0)
                for kind in (ResponseError, *CALLERS):
                    server.add_exception_handler(kind, explain)
                self._servers[team] = server
            return self._servers[team]


def main() -> None:
    """Serve until told to stop."""
    dill.loads = dill.load = refuse_code
    udf_rehydrate.rehydrate_udf_from_source = refuse_code
    quiet = {"lifespan": "off", "access_log": False, "log_level": "warning"}
    patience = int(os.environ["KEEP_ALIVE_SECONDS"])
    uvicorn.run(Teams(), host="127.0.0.1", port=PORT, timeout_keep_alive=patience, **quiet)


if __name__ == "__main__":
    main()
