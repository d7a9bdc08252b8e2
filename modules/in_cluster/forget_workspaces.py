"""Takes away MLflow's workspaces and users of teams that are gone; prints a name a line.

Of those whose names begin with PREFIX, all that are not in THERE.
"""

import os
import sys

sys.path.append("/programs")
from mlflow_team import settle

for workspace in settle("GET", "/api/3.0/mlflow/workspaces")["workspaces"]:
    name = workspace["name"]
    if name.startswith(os.environ["PREFIX"]) and name not in os.environ["THERE"].split():
        settle("DELETE", "/api/2.0/mlflow/users/delete", username=name)
        settle("DELETE", f"/api/3.0/mlflow/workspaces/{name}?mode=CASCADE")
        print(name)
