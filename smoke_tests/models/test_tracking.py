"""The tracking module: what a team logs and registers comes back, stays, and is nobody else's."""

from collections.abc import Callable

import pytest

from modules.contract.api import Object
from modules.data.database import NAME as DATABASE
from modules.data.database import database_for
from modules.models.tracking import CONSUMER, HOST, MODULE, NAME, NAMESPACE, PORT, server_pod
from modules.parts.server import from_secret
from profiles.schema import Profile
from smoke_tests.support import pods
from smoke_tests.support.cluster import DEPLOYMENT, POD, STATEFUL_SET, Cluster, settled
from smoke_tests.support.mlflow_pods import Ask, before, client, knock
from smoke_tests.support.s3 import s3_pod
from smoke_tests.support.team import Team, provide, withdraw
from smoke_tests.support.waiting import until

pytestmark = pytest.mark.together("tracking")  # one team for them all, and one client at a time

START_SECONDS = 240
"""MLflow's start, its tables' update included, on two busy cores."""
CLIENT_SECONDS = 180
"""MLflow's client imported and used on the same."""

TABLES_BEFORE = "b7e2c1a4d9f3"
"""The revision of MLflow 3.16.1's tables. They were compared with the tables that this very release makes."""
USERS_BEFORE = "e5f6a7b8c9d0"
"""The last but one revision of the accounts' tables, which did not change from 3.16.1 to 3.17.0."""

KEPT = "as it was"
LOG = """
with mlflow.start_run() as run:
    mlflow.log_params({"depth": 3})
    for step, loss in enumerate((0.5, 0.25)):
        mlflow.log_metric("loss", loss, step=step)
    mlflow.log_text("as it was", "notes/kept.txt")
api.create_registered_model("forest")
made = api.create_model_version("forest", f"{run.info.artifact_uri}/notes", run.info.run_id)
api.set_registered_model_alias("forest", "champion", made.version)
print(run.info.experiment_id, run.info.run_id, run.info.artifact_uri)
"""
READ = """
[run] = api.search_runs([api.get_experiment_by_name(TEAM).experiment_id])
losses = [each.value for each in api.get_metric_history(run.info.run_id, "loss")]
kept = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/kept.txt")
version = api.get_model_version_by_alias("forest", "champion")
print(run.data.params["depth"], losses, kept, version.version, version.run_id == run.info.run_id)
"""
AS_IT_WAS = f"3 [0.5, 0.25] {KEPT} 1 True"
READ_BEFORE = "print(api.get_run('0123456789abcdef0123456789abcdef').data.params['depth'])"


@pytest.fixture(scope="module")
def team(shared_teams: Callable[..., Team]) -> Team:
    """A team with access."""
    return shared_teams(access=True)


@pytest.fixture(scope="module")
def logged(cluster: Cluster, team: Team) -> tuple[str, str, str]:
    """The team's run with a registered model: experiment, run, and the address of its artifacts."""
    experiment, run, artifacts = pods.output(cluster, client("logs", team, LOG), CLIENT_SECONDS).split()[-3:]
    return experiment, run, artifacts


def test_tracking_is_ready(ready: Callable[[str], None]) -> None:
    ready("tracking")


@pytest.mark.usefixtures("logged")
def test_a_run_and_a_registered_model_are_read_back_by_another_pod(cluster: Cluster, team: Team) -> None:
    assert AS_IT_WAS in pods.output(cluster, client("reads", team, READ), CLIENT_SECONDS)


def test_artifacts_lie_in_the_object_store_where_a_teams_own_keys_do_not_reach(
    cluster: Cluster, team: Team, logged: tuple[str, str, str]
) -> None:
    experiment, run, artifacts = logged
    key = f"workspaces/{team.name}/{experiment}/{run}/artifacts/notes/kept.txt"
    assert artifacts == f"mlflow-artifacts:/{key.removesuffix('/notes/kept.txt')}"
    read = f"print(s3('GET', '/{CONSUMER}/{key}'))"
    assert "AccessDenied" in pods.refusal(cluster, s3_pod("reads-bucket", team, read))
    inside = s3_pod(f"reads-for-{team.name}", Team(NAMESPACE, ""), read, "object-store")
    try:
        assert pods.output(cluster, inside).strip() == KEPT
    finally:
        cluster.remove(POD, inside["metadata"]["name"], NAMESPACE)


def test_a_wrong_password_is_refused_and_so_is_none(cluster: Cluster, team: Team) -> None:
    path = "/api/2.0/mlflow/experiments/search?max_results=1"
    asks = [Ask(path, who) for who in ("TEAM:wrong", "nobody:PASSWORD", "", "TEAM:PASSWORD")]
    assert statuses(cluster, "knocks", team, asks) == ["401", "401", "401", "200"]


CHANGE = """
import mlflow.server.auth.client, sys
accounts = mlflow.server.auth.client.AuthServiceClient(os.environ["MLFLOW_TRACKING_URI"])
accounts.update_user_password(TEAM, "of-its-own-making")
"""


def test_an_account_cant_lock_its_team_out_by_another_password(cluster: Cluster, team: Team) -> None:
    assert "cairn password rotate" in pods.refusal(cluster, client("changes", team, CHANGE), CLIENT_SECONDS)
    assert statuses(cluster, "as-before", team, [Ask("/api/2.0/mlflow/experiments/search?max_results=1")]) == ["200"]


def test_a_host_that_is_not_its_own_is_refused(cluster: Cluster, team: Team) -> None:
    asks = [Ask("/", host=host) for host in ("evil.example", HOST)]
    assert statuses(cluster, "hosts", team, asks) == ["403", "200"]


def test_another_team_reads_nothing_of_it_and_may_use_the_same_names(
    cluster: Cluster, team: Team, logged: tuple[str, str, str], teams: Callable[..., Team]
) -> None:
    experiment, run, artifacts = logged
    paths = [
        f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}",
        f"/api/2.0/mlflow/runs/get?run_id={run}",
        "/api/2.0/mlflow/registered-models/get?name=forest",
        f"/api/2.0/mlflow-artifacts/artifacts/{artifacts.partition(':/')[2]}/notes/kept.txt",
    ]
    assert statuses(cluster, "own", team, [Ask(path) for path in paths]) == ["200"] * 4
    other = teams(access=True)
    asks = [Ask(path, workspace=workspace) for workspace in (team.name, "") for path in paths]
    assert statuses(cluster, "intruder", other, asks) == ["403"] * 8
    assert AS_IT_WAS in pods.output(cluster, client("has-its-own", other, LOG + READ), CLIENT_SECONDS)


def statuses(cluster: Cluster, name: str, team: Team, asks: list[Ask]) -> list[str]:
    """The HTTP status of each request from a pod of the team."""
    return pods.output(cluster, knock(name, team, asks)).split()


@pytest.mark.disruptive
@pytest.mark.alone
@pytest.mark.usefixtures("logged")
def test_a_server_whose_database_is_down_waits_for_it_and_has_lost_nothing(cluster: Cluster, team: Team) -> None:
    [old] = cluster.find(POD, NAMESPACE, f"app={NAME}")
    cluster.scale(STATEFUL_SET, DATABASE, DATABASE, 0)
    try:
        cluster.remove(POD, old["metadata"]["name"], NAMESPACE)
        until(lambda: "waiting for the database" in said(cluster), START_SECONDS, "the server to wait")
    finally:
        cluster.scale(STATEFUL_SET, DATABASE, DATABASE, 1)
    cluster.wait_for(DEPLOYMENT, NAME, NAMESPACE, lambda found: settled(found, 1), START_SECONDS)
    assert AS_IT_WAS in pods.output(cluster, client("reads-again", team, READ), CLIENT_SECONDS)


def said(cluster: Cluster) -> str:
    """What the server has printed; nothing while it has not started."""
    started = [each for each in cluster.find(POD, NAMESPACE, f"app={NAME}") if each["status"]["phase"] == "Running"]
    return "".join(cluster.logs(each["metadata"]["name"], NAMESPACE) for each in started)


def test_an_upgrade_brings_the_tables_of_the_release_before_up_to_date(
    cluster: Cluster, teams: Callable[..., Team]
) -> None:
    team, profile = teams(), cluster.environment.profile
    database = database_for(team.name, team.namespace, profile)
    provide(cluster, database)
    try:
        pods.output(cluster, before("before", team, DATABASE, TABLES_BEFORE, USERS_BEFORE), CLIENT_SECONDS)
        provide(cluster, own_server(team, profile))
        pods.start(cluster, server(team, profile), START_SECONDS)
        # By itself MLflow's server would bring up to date only what lacks whole tables, and refuse the rest.
        updated, done, _ = cluster.logs(NAME, team.namespace).partition("the database's tables are up to date")
        assert done
        assert "Updating database tables" in updated
        read = client("reads", team, READ_BEFORE, secret=DATABASE)
        container = read["spec"]["containers"][0]
        container["env"] += [
            {"name": "MLFLOW_TRACKING_URI", "value": f"http://{NAME}:{PORT}"},
            {"name": "MLFLOW_TRACKING_USERNAME", "value": "before"},
            from_secret("MLFLOW_TRACKING_PASSWORD", DATABASE, "password"),
            {"name": "MLFLOW_WORKSPACE", "value": "before"},
        ]
        assert pods.output(cluster, read, CLIENT_SECONDS).split()[-1] == "3"
    finally:
        withdraw(cluster, database)


def own_server(team: Team, profile: Profile) -> list[Object]:
    """What the server's pod needs, in the team's namespace, but for the database."""
    needed = [
        made
        for made in MODULE.objects(profile)
        if made["kind"] in ("Service", "ConfigMap", "Secret")
        and made["metadata"]["namespace"] == NAMESPACE
        and made["metadata"]["name"] != DATABASE
    ]
    return [made | {"metadata": {**made["metadata"], "namespace": team.namespace}} for made in needed]


def server(team: Team, profile: Profile) -> Object:
    """MLflow's server as the module runs it, in the team's namespace."""
    metadata = {"name": NAME, "namespace": team.namespace, "labels": {"app": NAME}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": server_pod(profile)}
