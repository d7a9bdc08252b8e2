"""Trains a logistic regression on all workers of a TrainJob, data-parallel with JAX.

Every worker computes on its share of the rows and, by its GPU's name, says whether that is simulated; gradients are
summed over all of them at each step. The first worker keeps checkpoints in the team's bucket, so that a training that
lost a worker goes on where it was, and at the end logs and registers the model with MLflow, where there is one.

STEPS, CHECKPOINT_EVERY   how long to train, and how often to keep what was learned
DATA                      a CSV file of the bucket with a column `target`; else scikit-learn's breast cancer data
MODEL                     the name to register the model under
"""

import io
import json
import os
import re
from datetime import UTC, datetime
from importlib import metadata

import boto3
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding, PartitionSpec
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

STEPS = int(os.environ.get("STEPS", "500"))
CHECKPOINT_EVERY = int(os.environ.get("CHECKPOINT_EVERY", "100"))
MODEL = os.environ.get("MODEL", "breast-cancer")
LEARNING_RATE = 0.5
MODEL_NEEDS = ("cloudpickle", "numpy", "pandas", "scikit-learn")
BUCKET = os.environ.get("BUCKET", "")
KEY = f"training/{os.environ['RUN']}/checkpoint.npz"


def say(word: str, **facts: object) -> None:
    """Prints one line that a person and a program can read."""
    print(word, json.dumps(facts), flush=True)


def device() -> dict[str, object]:
    """Where this worker runs and on which GPUs, and whether they are simulated."""
    simulated = sorted(value for name, value in os.environ.items() if re.fullmatch(r"GPU_DEVICE_\d+", name))
    real = [name for name in os.environ.get("NVIDIA_VISIBLE_DEVICES", "").split(",") if name not in ("", "void")]
    kind = "SIMULATED" if simulated else "REAL" if real else "none"
    return {"node": os.environ["NODE_NAME"], "accelerators": kind, "devices": simulated or real}


def data() -> tuple[pd.DataFrame, pd.Series]:
    """Features and targets, the same on every worker."""
    if "DATA" in os.environ:
        table = pd.read_csv(boto3.client("s3").get_object(Bucket=BUCKET, Key=os.environ["DATA"])["Body"])
        return table.drop(columns="target"), table["target"]
    found = load_breast_cancer(as_frame=True)
    return found.data, found.target


def load() -> tuple[int, np.ndarray]:
    """The step and the weights of this run's checkpoint; zeros where there is none yet."""
    storage = boto3.client("s3")
    if not BUCKET or not storage.list_objects_v2(Bucket=BUCKET, Prefix=KEY)["KeyCount"]:
        return 0, np.zeros(0)
    kept = np.load(io.BytesIO(storage.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()))
    return int(kept["step"]), kept["weights"]


def save(step: int, weights: np.ndarray) -> None:
    """Puts the checkpoint in the place of the one before, whole or not at all."""
    if BUCKET:
        content = io.BytesIO()
        np.savez(content, step=step, weights=weights)
        boto3.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=content.getvalue())


@jax.jit
def train(weights: jax.Array, rows: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One step of gradient descent over the rows of all workers; the last weight is the intercept."""

    def loss(weights: jax.Array) -> jax.Array:
        scores = rows @ weights[:-1] + weights[-1]
        return jnp.mean(jax.nn.softplus(scores) - targets * scores) + 1e-3 * jnp.sum(weights[:-1] ** 2)

    value, gradient = jax.value_and_grad(loss)(weights)
    return weights - LEARNING_RATE * gradient, value


def as_model(weights: np.ndarray, scaler: StandardScaler) -> Pipeline:
    """A scikit-learn model that predicts with these weights."""
    classifier = LogisticRegression()
    classifier.classes_ = np.array([0, 1])
    classifier.coef_, classifier.intercept_ = weights[None, :-1], weights[-1:]
    classifier.n_features_in_ = len(weights) - 1
    return make_pipeline(scaler, classifier)


def register(model: Pipeline, features: pd.DataFrame, metrics: dict[str, float]) -> str:
    """Logs the run and registers the model with MLflow; the version that it got."""
    import mlflow
    from mlflow.models import infer_signature

    with mlflow.start_run(run_name=os.environ["RUN"]):
        mlflow.log_params({"steps": STEPS, "workers": jax.process_count(), "learning_rate": LEARNING_RATE})
        mlflow.log_metrics(metrics, step=STEPS)
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=MODEL,
            signature=infer_signature(features, model.predict(features)),
            input_example=features.head(2),
            serialization_format="cloudpickle",
            # Else MLflow loads the model in another process, to see for a quarter of a minute what it imports.
            pip_requirements=[f"{name}=={metadata.version(name)}" for name in MODEL_NEEDS],
        )
    return str(logged.registered_model_version)


def main() -> None:
    """Trains from the last checkpoint, or from the start, to the end."""
    jax.distributed.initialize(
        os.environ["JAX_COORDINATOR_ADDRESS"],
        int(os.environ["JAX_NUM_PROCESSES"]),
        int(os.environ["JAX_PROCESS_ID"]),
    )
    me, workers = jax.process_index(), jax.process_count()
    features, targets = data()
    scaler = StandardScaler().fit(features)
    # The same number of rows for each worker.
    shared = len(features) // workers * workers
    mine = scaler.transform(features).astype(np.float32)[me:shared:workers]

    everywhere = jax.make_mesh((jax.device_count(),), ("workers",))
    split, copied = (NamedSharding(everywhere, spec) for spec in (PartitionSpec("workers"), PartitionSpec()))
    rows = jax.make_array_from_process_local_data(split, mine)
    labels = jax.make_array_from_process_local_data(split, targets.to_numpy(np.float32)[me:shared:workers])
    of_all = int(jnp.sum(jnp.ones_like(labels)))
    say("WORKER", worker=me, workers=workers, rows=len(mine), rows_of_all=of_all, **device())

    start, kept = load() if me == 0 else (0, np.zeros(0))
    weights = np.zeros(features.shape[1] + 1, np.float32) if start == 0 else kept
    start, weights = multihost_utils.broadcast_one_to_all((np.int32(start), weights))
    start, weights = int(start), jax.device_put(weights, copied)
    say("START", step=start)
    for step in range(start + 1, STEPS + 1):
        weights, loss = train(weights, rows, labels)
        if me == 0 and step == start + 1:
            loss.block_until_ready()
            say("FIRST_STEP", step=step, at=datetime.now(UTC).isoformat())
        if me == 0 and (step % CHECKPOINT_EVERY == 0 or step == STEPS):
            save(step, np.asarray(weights))
            say("CHECKPOINT", step=step, loss=float(loss))

    if me == 0:
        model = as_model(np.asarray(weights, np.float64), scaler)
        metrics = {"accuracy": float(model.score(features, targets))}
        version = register(model, features, metrics) if "MLFLOW_TRACKING_URI" in os.environ else None
        say("RESULT", steps=STEPS, resumed_from=start, workers=workers, model=MODEL, version=version, **metrics)


if __name__ == "__main__":
    main()
