from typing import Any

import pytest

from modules.contract.api import Object
from modules.contract.credentials import named
from modules.data import features
from modules.people.teams import access_objects
from modules.registry import team_part
from profiles.load import load

LAPTOP = load("laptop")


def made(kind: str, objects: list[Object]) -> list[dict[str, Any]]:
    return [each for each in objects if each["kind"] == kind]


def test_a_team_gets_a_registry_that_it_owns_and_the_server_may_read() -> None:
    part = features.for_team("team-a", LAPTOP)
    keys, objects = part.access, list(part.accounts)
    assert named(keys["FEAST_REGISTRY"]) == (
        "postgresql+psycopg://features-team-a:<password database-features-team-a>"
        "@database.database.svc:5432/features-team-a"
    )
    [job] = made("Job", objects)
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert {"name": "SHARED_WITH", "value": "features"} in container["env"]


def test_a_team_may_use_its_own_path_of_the_server_and_no_other() -> None:
    objects = list(features.for_team("team-a", LAPTOP).accounts)
    [role] = made("ClusterRole", objects)
    assert role["rules"] == [{"nonResourceURLs": ["/team-a/*"], "verbs": ["get", "create"]}]
    [binding] = made("ClusterRoleBinding", objects)
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "member", "namespace": "team-a"}]


def test_the_project_has_no_dash_which_feast_would_refuse() -> None:
    keys = features.for_team("team-a", LAPTOP).access
    assert keys["FEAST_PROJECT"] == "team_a"


def test_a_teams_access_holds_what_feast_and_its_bucket_need() -> None:
    [given] = [each for each in access_objects("red", team_part("red", LAPTOP)) if each["metadata"]["name"] == "access"]
    assert {"FEAST_PROJECT", "FEAST_REGISTRY", "FEAST_SERVER", "BUCKET"} <= set(given["stringData"])


def test_the_server_is_reached_through_its_proxy_alone() -> None:
    objects = features.MODULE.objects(LAPTOP)
    [service] = made("Service", objects)
    [deployment] = made("Deployment", objects)
    server, door = deployment["spec"]["template"]["spec"]["containers"]
    [port] = service["spec"]["ports"]
    assert port["targetPort"] == door["ports"][0]["containerPort"] == features.PORT
    assert "ports" not in server
    assert f"--upstream=http://127.0.0.1:{features.OWN_PORT}/" in door["args"]


@pytest.mark.parametrize("key", ["DATABASE_PASSWORD", "STORE_PASSWORD"])
def test_the_servers_passwords_come_from_secrets(key: str) -> None:
    [deployment] = made("Deployment", features.MODULE.objects(LAPTOP))
    server = deployment["spec"]["template"]["spec"]["containers"][0]
    [variable] = [each for each in server["env"] if each["name"] == key]
    assert set(variable) == {"name", "valueFrom"}
