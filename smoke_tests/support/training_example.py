"""The TrainJobs of examples/training, as manifests that a test can run in a throwaway team, and what they print."""

import copy
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from kubernetes.client import ApiException

from catalog.directories import REPOSITORY
from catalog.processes import run
from catalog.wheels import uv
from modules.contract.api import Object
from smoke_tests.support.cluster import POD, Cluster
from smoke_tests.support.waiting import until

DIRECTORY = REPOSITORY / "examples" / "training"
NAMES = {"jax": "breast-cancer", "torch": "line"}
"""The TrainJob of each framework's example."""


def manifests(framework: str, namespace: str, **env: str) -> list[Object]:
    """The example's ConfigMap and TrainJob, as `kubectl apply -k` would make them, with `env` for its workers."""
    folder: Path = DIRECTORY / framework
    script: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAMES[framework]},
        "data": {"train.py": (folder / "train.py").read_text()},
    }
    job: Object = yaml.safe_load((folder / "job.yaml").read_text())
    if env:
        job["spec"]["trainer"]["env"] = [{"name": name, "value": value} for name, value in env.items()]
    return [each | {"metadata": each["metadata"] | {"namespace": namespace}} for each in (script, job)]


def changed(job: Object, **trainer: object) -> Object:
    """The TrainJob with some of what its workers are changed."""
    made = copy.deepcopy(job)
    made["spec"]["trainer"] |= trainer
    return made


def workers(cluster: Cluster, namespace: str, job: str, labels: str = "") -> list[Object]:
    """The TrainJob's pods, those that ended included; of these the ones that carry the labels."""
    return cluster.find(POD, namespace, ",".join([f"jobset.sigs.k8s.io/jobset-name={job}", *filter(None, [labels])]))


def said(log: str, word: str) -> list[dict[str, Any]]:
    """The facts of every line that the example began with that word; torchrun puts the process before it."""
    return [dict(json.loads(facts)) for facts in re.findall(rf"(?m)^(?:\[\w+\]:)?{word} (\{{.*\}})$", log)]


def client(directory: Path) -> Path:
    """A Python with Kubeflow's client, as its users install it, in a new environment below `directory`."""
    python = directory / "venv" / "bin" / "python"
    run([uv(), "venv", "--quiet", "--no-config", "--python", sys.executable, python.parent.parent])
    lock = DIRECTORY / "requirements.txt"
    run([uv(), "pip", "install", "--quiet", "--no-config", "--require-hashes", "--python", python, "-r", lock])
    return python


EVERY = 100
"""Steps between the checkpoints of a training that is to be disturbed."""


def endless(cluster: Cluster, namespace: str, seconds: float, **trainer: object) -> dict[str, Any]:
    """Starts a JAX training of more steps than it will come to; its first checkpoint, once it is there."""
    config, job = manifests("jax", namespace, STEPS="100000000", CHECKPOINT_EVERY=str(EVERY))
    cluster.create(config)
    cluster.create(changed(job, **trainer))
    return checkpoint(cluster, namespace, seconds)


def checkpoint(cluster: Cluster, namespace: str, seconds: float) -> dict[str, Any]:
    """The last checkpoint that the training's newest attempt has made, once there is one."""
    return until(lambda: said(_first_log(cluster, namespace), "CHECKPOINT"), seconds, "a checkpoint")[-1]


def goes_on(cluster: Cluster, namespace: str, before: dict[str, Any], seconds: float) -> None:
    """Holds a training that was disturbed to starting again at a checkpoint, and to making the next."""

    def again() -> tuple[dict[str, Any], dict[str, Any]]:
        log = _first_log(cluster, namespace)
        starts, after = said(log, "START"), said(log, "CHECKPOINT")
        assert starts, "it has not started again"
        assert starts[0]["step"] > 0, "it has not started again"
        assert after, f"no checkpoint after {starts[0]}"
        return starts[0], after[0]

    start, after = until(again, seconds, "a checkpoint of a later attempt")
    assert start["step"] >= before["step"] >= EVERY
    assert after["step"] == start["step"] + EVERY


def _first_log(cluster: Cluster, namespace: str) -> str:
    """What the gang's first worker printed in its newest attempt; nothing while that one has no container."""
    found = workers(cluster, namespace, NAMES["jax"], "batch.kubernetes.io/job-completion-index=0")
    attempts = {int(pod["metadata"]["labels"]["jobset.sigs.k8s.io/restart-attempt"]): pod for pod in found}
    assert attempts, "it has no pod"
    try:
        return cluster.logs(attempts[max(attempts)]["metadata"]["name"], namespace)
    except ApiException as error:
        raise AssertionError(f"its log: {error.reason}") from None
