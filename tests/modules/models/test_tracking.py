"""What MLflow runs with, and how a team's workspace and account come to be."""

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest

from catalog.directories import REPOSITORY
from modules.contract.api import Object
from modules.contract.credentials import Password
from modules.contract.lock import lock
from modules.in_cluster import mlflow_team
from modules.models import tracking
from modules.people.teams import access_objects
from modules.registry import team_part
from profiles.load import load

LAPTOP = load("laptop")
PASSWORD = "as-it-should-be"


def container(profile: Any = LAPTOP) -> Object:
    [found] = tracking.server_pod(profile)["containers"]
    return dict(found)


def test_a_team_gets_what_mlflows_client_reads_from_the_environment() -> None:
    [given] = [
        made for made in access_objects("team-a", team_part("team-a", LAPTOP)) if made["metadata"]["name"] == "access"
    ]
    keys = {key: value for key, value in given["stringData"].items() if key.startswith("MLFLOW")}
    assert keys == {
        "MLFLOW_TRACKING_URI": "http://tracking.tracking.svc:5000",
        "MLFLOW_TRACKING_USERNAME": "team-a",
        "MLFLOW_TRACKING_PASSWORD": Password("tracking-team-a"),
        "MLFLOW_WORKSPACE": "team-a",
        "MLFLOW_EXPERIMENT_NAME": "team-a",
    }


def test_memory_is_asked_for_each_process_that_serves() -> None:
    assert container()["resources"]["requests"]["memory"] == "320Mi"
    three = container(load("laptop", {"modules.tracking.workers": 3}))
    assert three["resources"]["requests"]["memory"] == "960Mi"
    assert {"name": "WORKERS", "value": "3"} in three["env"]


def test_the_lock_of_the_image_has_the_version_that_the_catalog_names() -> None:
    requirements = (REPOSITORY / "catalog" / "images" / "mlflow" / "requirements.txt").read_text()
    assert f"\nmlflow=={lock().image_version('mlflow')} " in requirements


class MLflow:
    """As much of MLflow as the job speaks to: it keeps what it is told, and refuses what is there already."""

    def __init__(self) -> None:
        self.workspaces: set[str] = set()
        self.users: dict[str, str] = {}
        self.administrators: set[str] = set()
        self.members: set[tuple[str, int]] = set()

    def ask(self, method: str, path: str, **content: Any) -> tuple[int, Any]:
        """A request, answered as MLflow does."""
        names = {4: ("admin", "team-a"), 5: ("user", "team-a"), 7: ("user", "team-b")}
        every = [{"id": number, "name": name, "workspace": place} for number, (name, place) in names.items()]
        roles = [role for role in every if role["workspace"] == "team-a"]
        who = content.get("username", "")
        match method, path.partition("/mlflow/")[2]:
            case "GET", "workspaces/team-a":
                return 200 if "team-a" in self.workspaces else 404, {}
            case "POST", "workspaces" if content["name"] not in self.workspaces:
                self.workspaces.add(content["name"])
                return 201, {}
            case "GET", "users/get":
                user = {"username": who, "is_admin": who in self.administrators}
                return (200, {"user": user}) if who in self.users else (404, {})
            case ("POST", "users/create") if who not in self.users:
                self.users[who] = content["password"]
                return 200, {}
            case ("PATCH", "users/update-password") if who in self.users:
                self.users[who] = content["password"]
                return 200, {}
            case "GET", "roles/list":
                return 200, {"roles": roles}
            case "GET", "users/roles/list":
                return 200, {"roles": [role for role in every if (who, role["id"]) in self.members]}
            case "POST", "roles/assign" if (who, content["role_id"]) not in self.members:
                self.members.add((who, content["role_id"]))
                return 200, {}
        return 400, {"error_code": "REFUSED", "message": f"{content}"}


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> MLflow:
    fake = MLflow()
    monkeypatch.setattr(mlflow_team, "ask", fake.ask)
    monkeypatch.setenv("TEAM", "team-a")
    monkeypatch.setenv("PASSWORD", PASSWORD)
    return fake


def test_a_teams_job_makes_workspace_account_and_membership_and_can_run_again(mlflow: MLflow) -> None:
    for _ in range(2):
        mlflow_team.main()
        assert mlflow.workspaces == {"team-a"}
        assert mlflow.users == {"team-a": PASSWORD}
        assert mlflow.members == {("team-a", 5)}


def test_a_teams_job_brings_another_password_to_what_it_should_be(mlflow: MLflow) -> None:
    mlflow.users["team-a"] = "of another environment"
    mlflow_team.main()
    assert mlflow.users == {"team-a": PASSWORD}


def test_an_administrators_account_is_never_given_to_a_team(mlflow: MLflow) -> None:
    mlflow.users["team-a"] = "the administrator's own"
    mlflow.administrators.add("team-a")
    with pytest.raises(SystemExit, match="is an administrator's, which no team gets"):
        mlflow_team.main()
    assert mlflow.users == {"team-a": "the administrator's own"}


def test_the_account_of_another_workspaces_member_is_never_given_to_a_team(mlflow: MLflow) -> None:
    mlflow.users["team-a"] = "somebody's"
    mlflow.members.add(("team-a", 7))
    with pytest.raises(SystemExit, match="is a member of team-b and not of team-a"):
        mlflow_team.main()
    assert mlflow.users == {"team-a": "somebody's"}


@pytest.mark.usefixtures("mlflow")
def test_a_refusal_names_the_request_and_not_what_the_server_repeats_of_it() -> None:
    with pytest.raises(SystemExit) as refused:
        mlflow_team.settle("PATCH", "/api/2.0/mlflow/users/update-password", username="x", password=PASSWORD)
    assert str(refused.value) == "PATCH /api/2.0/mlflow/users/update-password: HTTP 400 REFUSED"


class Users:
    """As much of MLflow's store of users as the server's start speaks to."""

    def __init__(self, **passwords: str) -> None:
        self.passwords = passwords

    def init_db(self, uri: str) -> None:
        assert uri == "postgresql://somewhere"

    def has_user(self, name: str) -> bool:
        return name in self.passwords

    def authenticate_user(self, name: str, password: str) -> bool:
        return self.passwords[name] == password

    def update_user(self, name: str, password: str) -> None:
        self.passwords[name] = password


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"administrator": "of an earlier Secret"}, {"administrator": PASSWORD}),
        ({"administrator": PASSWORD}, {"administrator": PASSWORD}),
        # MLflow itself makes the first one.
        ({}, {}),
    ],
)
def test_the_administrator_has_the_password_of_the_secret_at_every_start(
    before: dict[str, str], after: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Users(**before)
    module = ModuleType("sqlalchemy_store")
    monkeypatch.setattr(module, "SqlAlchemyStore", lambda: users, raising=False)
    for name in ("mlflow", "mlflow.server", "mlflow.server.auth"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "mlflow.server.auth.sqlalchemy_store", module)
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_USERNAME", "administrator")
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", PASSWORD)
    mlflow_server().set_administrator("postgresql://somewhere")
    assert users.passwords == after


def mlflow_server() -> Any:
    """The server's program, which imports what only its image has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sqlalchemy", ModuleType("sqlalchemy"))
        return importlib.import_module("modules.in_cluster.mlflow_server")
