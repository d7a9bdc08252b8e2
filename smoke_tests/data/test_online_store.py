"""The online_store module: nothing without the password, and what was written stays."""

import secrets
from collections.abc import Callable, Iterator

import pytest

from modules.contract.api import Object
from modules.data.online_store import NAME, NAMESPACE, SERVER, store_for
from modules.parts.managed_keys import copy_program
from profiles.settings.data import ManagedOnlineStore, OnlineStore
from smoke_tests.support import pods
from smoke_tests.support.cluster import POD, STATEFUL_SET, Cluster
from smoke_tests.support.team import Team, provide, withdraw
from smoke_tests.support.workload import CONNECTED, pod

CLIENT = (
    CONNECTED
    + """
import os, sys
connection = connected(os.environ["host"], 6379).makefile("rw", newline="")
def redis(*words):
    connection.write("".join([f"*{len(words)}\\r\\n", *(f"${len(word)}\\r\\n{word}\\r\\n" for word in words)]))
    connection.flush()
    said = connection.readline().strip()
    if said.startswith("-"):
        sys.exit(said)
    return connection.readline().strip() if said.startswith("$") else said
"""
)
LOG_IN = "redis('AUTH', os.environ['password'])\n"


@pytest.fixture
def run(cluster: Cluster) -> Iterator[Callable[[str], Object]]:
    """Makes pods of a script that has `redis(*words)`, and the password in its environment; they are gone after it."""
    made: list[str] = []

    def client(script: str) -> Object:
        name = f"smoke-{secrets.token_hex(4)}"
        made.append(name)
        return with_store(pod(name, NAMESPACE, CLIENT + script), SERVER)

    yield client
    for name in made:
        cluster.remove(POD, name, NAMESPACE)


def with_store(manifest: Object, secret: str) -> Object:
    """The pod with the keys of the Secret, and the host, in its environment."""
    container = manifest["spec"]["containers"][0]
    container["envFrom"] = [{"secretRef": {"name": secret}}]
    container["env"].append({"name": "host", "value": f"{NAME}.{NAMESPACE}.svc"})
    return manifest


def test_online_store_is_ready(ready: Callable[[str], None]) -> None:
    ready("online_store")


def test_nothing_is_answered_without_the_password(cluster: Cluster, run: Callable[[str], Object]) -> None:
    assert "NOAUTH" in pods.refusal(cluster, run("print(redis('DBSIZE'))"))
    assert "WRONGPASS" in pods.refusal(cluster, run("print(redis('AUTH', 'wrong'))"))


def test_more_than_the_memory_is_refused_and_nothing_is_dropped(cluster: Cluster, run: Callable[[str], Object]) -> None:
    policy = run(
        LOG_IN + "redis('CONFIG', 'GET', 'maxmemory-policy'); [print(connection.readline()) for _ in range(4)]"
    )
    assert "noeviction" in pods.output(cluster, policy)


@pytest.mark.disruptive
@pytest.mark.alone
def test_what_was_written_outlives_the_server(cluster: Cluster, run: Callable[[str], Object]) -> None:
    key = f"smoke-{secrets.token_hex(4)}"
    pods.output(cluster, run(LOG_IN + f"redis('SET', '{key}', 'still here', 'EX', '600')"))
    cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 0)
    cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 1)
    assert pods.output(cluster, run(LOG_IN + f"print(redis('GETDEL', '{key}'))")).strip() == "still here"


def test_with_a_managed_service_a_consumer_gets_the_password_from_the_secret_of_whoever_runs_it(
    cluster: Cluster, team: Team
) -> None:
    profile = cluster.environment.profile
    settings = OnlineStore(managed=ManagedOnlineStore(host=f"{NAME}.{NAMESPACE}.svc", tls=False, secret=SERVER))
    modules = profile.modules.model_copy(update={"online_store": settings})
    theirs = profile.model_copy(update={"modules": modules})
    objects = [copy_program(NAMESPACE), *store_for(team.namespace, theirs)]
    try:
        provide(cluster, objects)
        manifest = with_store(pod("managed", team.namespace, CLIENT + LOG_IN + "print(redis('PING'))"), NAME)
        assert pods.output(cluster, manifest).strip() == "+PONG"
    finally:
        withdraw(cluster, objects)
