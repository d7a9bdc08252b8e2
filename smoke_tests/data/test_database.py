"""The database module: each consumer has a database that it alone can enter, and what lies in it stays."""

import secrets
from collections.abc import Callable, Iterator

import pytest

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.data.database import NAME, NAMESPACE, database_for
from profiles.settings.data import Database, ManagedDatabase
from smoke_tests.support import pods
from smoke_tests.support.cluster import JOB, POD, STATEFUL_SET, Cluster, is_true
from smoke_tests.support.team import Team, provide, withdraw
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import pod

# $0 is the place, $1 the question; a service whose pod has just become ready may not be reached for a moment.
PSQL = """
PATH=/usr/lib/postgresql/15/bin:$PATH
until pg_isready --quiet --dbname="$0"; do sleep 1; done
exec psql "$0" --no-psqlrc --no-password --tuples-only --command="$1"
"""
UNTIL_LET_IN = """
PATH=/usr/lib/postgresql/15/bin:$PATH
until psql "$0" --no-psqlrc --no-password --quiet --command='select' >/dev/null 2>&1; do sleep 1; done
exec psql "$0" --no-psqlrc --no-password --tuples-only --command="$1"
"""
WRITE = "create table kept as select 'still here'::text as word"
READ = "select word from kept"


def psql(name: str, team: Team, place: str, sql: str) -> Object:
    """A pod that asks the database at `place`, in which $(host), $(user) and so on are the consumer's own."""
    manifest = pod(name, team.namespace, "")
    container = manifest["spec"]["containers"][0]
    container["image"] = lock().image("postgres")
    container["command"] = ["/bin/sh", "-euc", PSQL, place, sql]
    container["envFrom"] = [{"secretRef": {"name": NAME}}]
    return manifest


@pytest.fixture(scope="module")
def team(shared_teams: Callable[..., Team], cluster: Cluster) -> Iterator[Team]:
    """A team with a table in a database of its own."""
    made = shared_teams()
    objects = database_for(made.name, made.namespace, cluster.environment.profile)
    provide(cluster, objects)
    pods.output(cluster, psql("writer", made, "$(uri)", WRITE))
    yield made
    withdraw(cluster, objects)


def test_database_is_ready(ready: Callable[[str], None]) -> None:
    ready("database")


def test_a_consumer_reads_what_it_wrote(cluster: Cluster, team: Team) -> None:
    assert pods.output(cluster, psql("reader", team, "$(uri)", READ)).strip() == "still here"


def test_a_wrong_password_is_refused_and_so_is_none(cluster: Cluster, team: Team) -> None:
    wrong = psql("wrong", team, "postgresql://$(user):wrong@$(host)/$(database)", READ)
    assert "password authentication failed" in pods.refusal(cluster, wrong)
    none = psql("none", team, "postgresql://$(user)@$(host)/$(database)", READ)
    assert "no password supplied" in pods.refusal(cluster, none)


def test_a_consumer_enters_no_other_database_and_makes_none(
    cluster: Cluster, team: Team, teams: Callable[..., Team]
) -> None:
    other = teams()
    objects = database_for(other.name, other.namespace, cluster.environment.profile)
    provide(cluster, objects)
    try:
        elsewhere = f"postgresql://$(user):$(password)@$(host)/{team.name}"
        said = pods.refusal(cluster, psql("intruder", other, elsewhere, READ))
        assert f'permission denied for database "{team.name}"' in said
        said = pods.refusal(cluster, psql("maker", other, "$(uri)", "create database more"))
        assert "permission denied to create database" in said
    finally:
        withdraw(cluster, objects)


def test_a_role_that_changed_its_password_has_the_secrets_again(cluster: Cluster, team: Team) -> None:
    pods.output(cluster, psql("changes", team, "$(uri)", "alter role current_user password 'of-its-own'"))
    again = psql("opens-again", team, "$(uri)", READ)
    # PSQL waits for a server that answers; here it is the password that comes back, within a minute.
    again["spec"]["containers"][0]["command"][2] = UNTIL_LET_IN
    assert pods.output(cluster, again, 120).strip() == "still here"


@pytest.mark.disruptive
@pytest.mark.alone
def test_what_was_written_outlives_the_server_and_a_consumer_waits_for_it(cluster: Cluster, team: Team) -> None:
    cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 0)
    late = f"{team.name}-late"
    objects = [
        made
        for made in database_for(late, team.namespace, cluster.environment.profile)
        if made["metadata"]["name"] != NAME
    ]
    try:
        provide(cluster, [made for made in objects if made["kind"] != "Job"])
        [job] = [made for made in objects if made["kind"] == "Job"]
        cluster.create(job)
        until(lambda: "waiting for the database" in said_by(cluster, job), pods.PULL_SECONDS, "the job to wait")
        cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 1)
        cluster.wait_for(JOB, job["metadata"]["name"], NAMESPACE, lambda found: is_true(found, "Complete"), 60)
        assert pods.output(cluster, psql("reader-again", team, "$(uri)", READ)).strip() == "still here"
        # It had clients, and was not killed for waiting until they leave.
        assert "database system was shut down at" in cluster.logs(f"{NAME}-0", NAMESPACE)
    finally:
        cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 1)
        withdraw(cluster, objects)


def said_by(cluster: Cluster, job: Object) -> str:
    """What the job's pods have printed; nothing while none has started."""
    name = job["metadata"]["name"]
    found = cluster.find(POD, NAMESPACE, f"batch.kubernetes.io/job-name={name}")
    started = [each for each in found if each["status"]["phase"] != "Pending"]
    return "".join(cluster.logs(each["metadata"]["name"], NAMESPACE) for each in started)


def test_with_a_managed_server_a_consumer_gets_its_database_there(cluster: Cluster, team: Team) -> None:
    profile = cluster.environment.profile
    server = ManagedDatabase(host=f"{NAME}.{NAMESPACE}.svc", secret="administrator", ssl_mode="prefer")
    modules = profile.modules.model_copy(update={"database": Database(managed=server)})
    consumer = f"managed-{secrets.token_hex(4)}"
    objects = database_for(consumer, team.namespace, profile.model_copy(update={"modules": modules}))
    objects[0]["metadata"]["name"] = consumer
    try:
        provide(cluster, objects)
        manifest = psql("managed", team, "$(uri)", "select current_database(), current_user")
        manifest["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": consumer}}]
        assert pods.output(cluster, manifest).split("|")[0].strip() == consumer
    finally:
        withdraw(cluster, objects)
