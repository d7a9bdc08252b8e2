"""Serves promoted versions of the model side by side, with KServe's Python client, and shares requests out.

python serve.py 1=100               version 1 alone
python serve.py 1=80 2=20           a fifth of the requests to version 2
"""

import os
import sys

from entry import TEAM, publish, reach
from kserve import (
    KServeClient,
    V1beta1InferenceService,
    V1beta1InferenceServiceSpec,
    V1beta1ModelFormat,
    V1beta1ModelSpec,
    V1beta1PredictorSpec,
)
from kubernetes import client, config

MODEL = "tumour"
BUCKET = os.environ["BUCKET"]
READY_SECONDS = 900


def service(version: str) -> V1beta1InferenceService:
    """The InferenceService of one version, which its answers name."""
    environment = {"MLSERVER_MODEL_NAME": MODEL, "MLSERVER_MODEL_VERSION": version}
    model = V1beta1ModelSpec(
        model_format=V1beta1ModelFormat(name="mlflow", version="3"),
        protocol_version="v2",
        storage_uri=f"s3://{BUCKET}/models/{MODEL}/{version}",
        env=[client.V1EnvVar(name=name, value=value) for name, value in environment.items()],
    )
    predictor = V1beta1PredictorSpec(service_account_name="serving", min_replicas=1, max_replicas=1, model=model)
    return V1beta1InferenceService(
        api_version="serving.kserve.io/v1beta1",
        kind="InferenceService",
        metadata=client.V1ObjectMeta(name=f"{MODEL}-v{version}", namespace=TEAM),
        spec=V1beta1InferenceServiceSpec(predictor=predictor),
    )


def rules(shares: dict[str, int]) -> list[dict[str, object]]:
    """So many of a hundred requests to each version, and all that ask for one by name to that."""
    backends = {version: {"name": f"{MODEL}-v{version}-predictor", "port": 80} for version in shares}
    by_name: list[dict[str, object]] = [
        {
            "matches": [{"headers": [{"name": "x-model-version", "value": version}]}],
            "backendRefs": [backend],
        }
        for version, backend in backends.items()
    ]
    weighted = [backend | {"weight": shares[version]} for version, backend in backends.items()]
    return [*by_name, {"backendRefs": weighted}]


def main() -> None:
    """Make what isn't there, wait until each version serves, share the requests out, and wait for the first answer."""
    shares = {version: int(share) for version, _, share in (word.partition("=") for word in sys.argv[1:])}
    config.load_kube_config()
    models = KServeClient()
    present = {found["metadata"]["name"] for found in models.get(namespace=TEAM)["items"]}
    for version in shares:
        if f"{MODEL}-v{version}" not in present:
            models.create(service(version), namespace=TEAM)
    for version in shares:
        models.wait_isvc_ready(f"{MODEL}-v{version}", namespace=TEAM, timeout_seconds=READY_SECONDS)
    parts = ", ".join(f"{share} % to version {version}" for version, share in shares.items())
    address = publish(MODEL, rules(shares))
    reach(f"{address}/v2/models/{MODEL}/ready", os.environ["TOKEN"])
    print(f"{address}: {parts}")


if __name__ == "__main__":
    main()
