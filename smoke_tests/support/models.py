"""Models for the tests of serving: trained, stored and served as a team would, and asked over HTTPS."""

import json
from typing import Any

import httpx

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.models.serving import GROUP
from modules.models.serving_runtimes import ACCOUNT
from smoke_tests.support import pods
from smoke_tests.support.cluster import POD, Cluster, Kind, is_true
from smoke_tests.support.entry import Entry
from smoke_tests.support.team import Team
from smoke_tests.support.workload import pod, resources

INFERENCE_SERVICE = Kind(f"{GROUP}/v1beta1", "inferenceservices")
READY_SECONDS = 240
"""Several servers start at a time, each with its image to unpack and half a minute of imports on busy cores."""
NAME = "iris"
"""What both versions call their model, so that a route may lead to either."""

# Two versions of a model that differ in what they say, the second once more as MLflow keeps it, and a broken file.
TRAIN = """
import json, pathlib, joblib, mlflow, sklearn.datasets
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
features, kinds = sklearn.datasets.load_iris(return_X_y=True, as_frame=True)
features.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
asked = features.iloc[::10]
models = {"v1": DecisionTreeClassifier(max_depth=1, random_state=0), "v2": LogisticRegression(max_iter=500)}
answers = {}
for version, model in models.items():
    model.fit(features.to_numpy(), kinds)
    pathlib.Path(f"/models/{version}").mkdir()
    joblib.dump(model, f"/models/{version}/model.joblib")
    answers[version] = model.predict(asked.to_numpy()).tolist()
named = LogisticRegression(max_iter=500).fit(features, kinds)
mlflow.sklearn.save_model(named, "/models/mlflow", signature=infer_signature(features, named.predict(features)))
answers["mlflow"] = named.predict(asked).tolist()
pathlib.Path("/models/v10").mkdir()
pathlib.Path("/models/v10/other.joblib").write_text("another version, whose name begins as the first one's")
pathlib.Path("/models/broken").mkdir()
pathlib.Path("/models/broken/model.joblib").write_text("no model")
pathlib.Path("/models/known.json").write_text(json.dumps({"asked": asked.to_dict("list"), "answers": answers}))
"""

STORE = """
import os, pathlib, boto3
bucket, root = os.environ["BUCKET"], pathlib.Path("/models")
for path in filter(pathlib.Path.is_file, root.rglob("*")):
    boto3.client("s3").upload_file(str(path), bucket, str(path.relative_to(root)))
print((root / "known.json").read_text())
"""


def train_and_store(cluster: Cluster, team: Team) -> dict[str, Any]:
    """Trains in one image and stores from another; what was asked, by column, and what each model said to it."""
    made = pod("trains", team.namespace, STORE)
    spec = made["spec"]
    [container] = spec["containers"]
    models = {"volumeMounts": [{"name": "models", "mountPath": "/models"}], "resources": resources("100m", "512Mi", 0)}
    trains = {**container, "name": "train", "image": lock().image("mlserver"), **models}
    trains |= {"command": ["python3", "-c", TRAIN], "env": [{"name": "HOME", "value": "/tmp"}]}
    stores = {**container, "image": lock().image("storage-initializer"), **models}
    stores["envFrom"] = [{"secretRef": {"name": "access"}}]
    volumes = [{"name": "models", "emptyDir": {}}]
    made["spec"] = {**spec, "initContainers": [trains], "containers": [stores], "volumes": volumes}
    return dict(json.loads(pods.output(cluster, made, READY_SECONDS).splitlines()[-1]))


def inference_service(name: str, namespace: str, kind: str, uri: str = "", **predictor: Any) -> Object:
    """A model of that format; `uri` says where it is stored."""
    model: Object = {"modelFormat": {"name": kind}, "protocolVersion": "v2"}
    if not uri:
        model["runtime"] = "sentence-embedding"
    else:
        # The name that a route's requests have, and the version that answers carry.
        named = {"MLSERVER_MODEL_NAME": NAME, "MLSERVER_MODEL_VERSION": name}
        model |= {"storageUri": uri, "env": [{"name": key, "value": value} for key, value in named.items()]}
    return {
        "apiVersion": INFERENCE_SERVICE.api_version,
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"predictor": {"serviceAccountName": ACCOUNT, "model": model, **predictor}},
    }


def change_model(cluster: Cluster, name: str, namespace: str, **model: Any) -> None:
    """Changes what an InferenceService serves."""
    cluster.change(INFERENCE_SERVICE, name, namespace, lambda found: found["spec"]["predictor"]["model"].update(model))


def until_ready(cluster: Cluster, name: str, namespace: str) -> Object:
    """Waits until the model answers."""
    return cluster.wait_for(INFERENCE_SERVICE, name, namespace, lambda it: is_true(it, "Ready"), READY_SECONDS)


def model_status(cluster: Cluster, name: str, namespace: str) -> str:
    """What the InferenceService itself says of its model, the last failure included."""
    found = cluster.get(INFERENCE_SERVICE, name, namespace) or {}
    return json.dumps(found.get("status", {}).get("modelStatus", {}))


def pods_messages(cluster: Cluster, name: str, namespace: str) -> str:
    """Why containers of the model's pods wait, and their last words."""
    said: list[str] = []
    for found in cluster.find(POD, namespace, f"app=isvc.{name}-predictor"):
        for container in found.get("status", {}).get("containerStatuses", []):
            states = [*container.get("state", {}).values(), *container.get("lastState", {}).values()]
            said += [str(state.get("message", "")) for state in states]
    return json.dumps(said)


class Caller:
    """Somebody who asks models at hosts of the entry point, with a token or without."""

    def __init__(self, entry: Entry, token: str | None) -> None:
        self._entry = entry
        self._client = entry.client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, host: str, path: str, body: Object | None = None, **headers: str) -> httpx.Response:
        """One request: a POST of `body`, a GET without one."""
        return self._client.request(
            "GET" if body is None else "POST",
            f"https://{self._entry.address}{path}",
            json=body,
            headers={**self._headers, "Host": host, **headers},
            extensions={"sni_hostname": host},
        )

    def reaches(self, host: str) -> bool:
        """Whether a model is behind the host: the entry point learns of a route some moments later."""
        return self.ask(host, "/v2/health/ready").status_code == 200

    def infer(self, host: str, body: Object, model: str = NAME, **headers: str) -> Object:
        """The model's answer."""
        answer = self.ask(host, f"/v2/models/{model}/infer", body, **headers)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
        return dict(answer.json())


def rows(columns: dict[str, list[float]]) -> Object:
    """A request with all columns in one tensor."""
    table = [list(row) for row in zip(*columns.values(), strict=True)]
    flat = [value for row in table for value in row]
    tensor = {"name": "features", "shape": [len(table), len(columns)], "datatype": "FP64", "data": flat}
    return {"inputs": [tensor]}


def named_columns(columns: dict[str, list[float]]) -> Object:
    """A request with a tensor for each column, by its name."""
    inputs = [
        {"name": name, "shape": [len(values), 1], "datatype": "FP64", "data": values}
        for name, values in columns.items()
    ]
    return {"inputs": inputs}


def sentences(*texts: str) -> Object:
    """A request with text."""
    return {"inputs": [{"name": "sentences", "shape": [len(texts)], "datatype": "BYTES", "data": list(texts)}]}
