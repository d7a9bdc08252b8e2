"""How sure is a registered model's accuracy? Draws its outcomes anew on a Ray cluster, with Ray's Python client.

python evaluate.py 1 tumour-1.csv       version 1, on a table made by training_set.py
"""

import base64
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import mlflow
import pandas as pd
import yaml
from entry import TEAM, publish, reach, withdraw
from kubernetes import client, config, watch
from ray.job_submission import JobStatus, JobSubmissionClient

MODEL = "tumour"
HERE = Path(__file__).parent
CLUSTER = yaml.safe_load((HERE / "ray.yaml").read_text())
NAME = CLUSTER["metadata"]["name"]
PLACE = {"group": "ray.io", "version": "v1", "namespace": TEAM, "plural": "rayclusters"}
SECONDS = 900


def outcomes(version: str, table: str) -> list[int]:
    """1 for each row of the table that the model gets right, 0 for each other."""
    content = boto3.client("s3").get_object(Bucket=os.environ["BUCKET"], Key=f"training-sets/{table}")["Body"]
    rows = pd.read_csv(content)
    said = mlflow.sklearn.load_model(f"models:/{MODEL}/{version}").predict(rows.drop(columns="target"))
    return [int(right) for right in said == rows["target"]]


@contextmanager
def ray_cluster() -> Iterator[JobSubmissionClient]:
    """Ray's client of a cluster that is made for it, by way of the entry point and with the token that KubeRay made."""
    objects = client.CustomObjectsApi()
    objects.create_namespaced_custom_object(**PLACE, body=CLUSTER)
    try:
        address = publish(NAME, [{"backendRefs": [{"name": f"{NAME}-head-svc", "port": 8265}]}])
        wait_for_head(objects)
        token = base64.b64decode(client.CoreV1Api().read_namespaced_secret(NAME, TEAM).data["auth_token"]).decode()
        reach(f"{address}/api/version", token)
        signed_in = {"Authorization": f"Bearer {token}"}
        yield JobSubmissionClient(address, headers=signed_in, verify=os.environ["REQUESTS_CA_BUNDLE"])
    finally:
        withdraw(NAME)
        objects.delete_namespaced_custom_object(**PLACE, name=NAME)


def wait_for_head(objects: client.CustomObjectsApi) -> None:
    """Watches the Ray cluster, which waits in the team's queue before it starts."""
    for event in watch.Watch().stream(objects.list_namespaced_custom_object, **PLACE, timeout_seconds=SECONDS):
        conditions = event["object"].get("status", {}).get("conditions", [])
        if any(found["type"] == "HeadPodReady" and found["status"] == "True" for found in conditions):
            return
    raise SystemExit(f"no Ray cluster after {SECONDS} s; why: kubectl describe raycluster/{NAME}")


def drawn(jobs: JobSubmissionClient, right: list[int]) -> dict[str, Any]:
    """What resample.py says of the outcomes when it runs on the cluster."""
    with TemporaryDirectory() as directory:
        shutil.copy(HERE / "resample.py", directory)
        Path(directory, "outcomes.json").write_text(json.dumps(right))
        job = jobs.submit_job(entrypoint="python resample.py", runtime_env={"working_dir": directory})
    deadline = time.monotonic() + SECONDS
    while not (status := jobs.get_job_status(job)).is_terminal() and time.monotonic() < deadline:
        time.sleep(1)
    log = jobs.get_job_logs(job)
    if status != JobStatus.SUCCEEDED:
        raise SystemExit(f"Ray's job {job} is {status}:\n{log}")
    [result] = [line.partition(" ")[2] for line in log.splitlines() if line.startswith("RESULT ")]
    return dict(json.loads(result))


def main() -> None:
    """Evaluate one version, keep the bounds with it in MLflow's registry, and take the Ray cluster away again."""
    version, table = sys.argv[1:]
    config.load_kube_config()
    right = outcomes(version, table)
    with ray_cluster() as jobs:
        result = drawn(jobs, right)
    bounds = f"{result['low']:.3f} to {result['high']:.3f}"
    mlflow.MlflowClient().set_model_version_tag(MODEL, version, "accuracy_95_percent", bounds)
    print("RESULT", json.dumps(result))
    print(f"{MODEL} version {version}: accuracy {result['accuracy']:.3f}, nineteen of twenty draws from {bounds}")


if __name__ == "__main__":
    main()
