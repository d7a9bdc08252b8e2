"""Makes a team's workspace and account in MLflow, or brings them to what they should be.

SERVER is MLflow's address; ADMINISTRATOR and ADMINISTRATOR_PASSWORD are who may do this; TEAM names the workspace and
the account, and PASSWORD is the account's.
"""

import base64
import json
import os
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

ROLE = "user"
"""MLflow's own role for a workspace's members: who makes a thing may do everything with it."""


def ask(method: str, path: str, **content: str | int) -> tuple[int, Any]:
    """Send one request; the answer's status and content. Waits for a server."""
    who = f"{os.environ['ADMINISTRATOR']}:{os.environ['ADMINISTRATOR_PASSWORD']}"
    headers = {
        "authorization": f"Basic {base64.b64encode(who.encode()).decode()}",
        "content-type": "application/json",
    }
    target = f"{path}?{urlencode(content)}" if method == "GET" else path
    body = None if method == "GET" else json.dumps(content)
    while True:
        connection = HTTPConnection(urlsplit(os.environ["SERVER"]).netloc, timeout=30)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            break
        except OSError as error:
            print(f"waiting for MLflow at {os.environ['SERVER']}: {error}", flush=True)
            time.sleep(1)
        finally:
            connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, {}


def settle(method: str, path: str, **content: str | int) -> Any:
    """The same for what must succeed. The refusal's text is kept back: it may repeat what was sent."""
    status, said = ask(method, path, **content)
    if status >= 300:
        raise SystemExit(f"{method} {path}: HTTP {status} {said.get('error_code', '')}")
    return said


def refuse_anothers(team: str, found: Any) -> None:
    """End if the account that is there is not this team's: an administrator's, or a member's of other workspaces."""
    fix = "give the team another name, or rename the account"
    if found["user"]["is_admin"]:
        raise SystemExit(f"the account {team} is an administrator's, which no team gets: {fix}")
    held = settle("GET", "/api/3.0/mlflow/users/roles/list", username=team)["roles"]
    workspaces = sorted({role["workspace"] for role in held})
    if workspaces and team not in workspaces:
        raise SystemExit(f"the account {team} is a member of {', '.join(workspaces)} and not of {team}: {fix}")


def main() -> None:
    """Make the workspace, the account, and the account a member of the workspace."""
    team, password = os.environ["TEAM"], os.environ["PASSWORD"]
    if ask("GET", f"/api/3.0/mlflow/workspaces/{team}")[0] == 404:
        settle("POST", "/api/3.0/mlflow/workspaces", name=team)
    print(f"workspace {team} is there", flush=True)
    status, found = ask("GET", "/api/2.0/mlflow/users/get", username=team)
    if status == 404:
        settle("POST", "/api/2.0/mlflow/users/create", username=team, password=password)
    else:
        refuse_anothers(team, found)
        settle("PATCH", "/api/2.0/mlflow/users/update-password", username=team, password=password)
    print(f"account {team} is there", flush=True)
    roles = settle("GET", "/api/3.0/mlflow/roles/list", workspace=team)["roles"]
    [role] = [role["id"] for role in roles if role["name"] == ROLE]
    held = settle("GET", "/api/3.0/mlflow/users/roles/list", username=team)["roles"]
    if role not in [each["id"] for each in held]:
        settle("POST", "/api/3.0/mlflow/roles/assign", username=team, role_id=role)
    print(f"{team} is a member of it", flush=True)


if __name__ == "__main__":
    main()
