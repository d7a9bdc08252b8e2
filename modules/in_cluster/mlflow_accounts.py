"""Who may ask MLflow what, beyond MLflow's own rules; its processes import this from /programs.

A team's password stands in the team's Secret. Whoever changed it here would lock out everything that reads the Secret,
so only the administrator may, as whom the Secret's own job speaks.
"""

import os
from typing import Any

from flask import Response, jsonify, request
from mlflow.server import auth

REFUSAL = (
    "passwords are not changed here: they stand in the Secret `access` of the team. "
    "An administrator of the platform draws another one: cairn password rotate tracking-{user}"
)


def authenticate() -> Any:
    """Name and password as MLflow checks them, or the answer that refuses the request."""
    known = auth.authenticate_request_basic_auth()
    changes = request.method == "PATCH" and request.path.endswith("/mlflow/users/update-password")
    if isinstance(known, Response) or not changes or known.username == os.environ["MLFLOW_AUTH_ADMIN_USERNAME"]:
        return known
    refusal = jsonify(error_code="PERMISSION_DENIED", message=REFUSAL.format(user=known.username))
    refusal.status_code = 403
    return refusal
