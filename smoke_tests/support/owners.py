"""The smallest of each kind whose pods Kueue counts with their owner: what it asks for decides whether it waits."""

import copy
from collections.abc import Callable
from typing import NamedTuple

from modules.contract.api import Object
from smoke_tests.support import example
from smoke_tests.support.cluster import JOB, JOB_SET, RAY_CLUSTER, RAY_JOB, RAY_SERVICE, TRAIN_JOB, Kind
from smoke_tests.support.workload import SLEEP, job, pod_spec

TOO_MUCH = "64"
"""More cores than any team of a test has: what asks for them waits."""


class Owner(NamedTuple):
    """A kind, how to make one with a name in a namespace whose pod asks for so many cores, and who brings it."""

    kind: Kind
    make: Callable[[str, str, str], Object]
    module: str


def _job_set(name: str, namespace: str, cpu: str) -> Object:
    spec = {"parallelism": 1, "completions": 1, "template": {"spec": pod_spec(SLEEP, cpu=cpu)}}
    jobs = [{"name": "main", "replicas": 1, "template": {"spec": spec}}]
    return _made(JOB_SET, "JobSet", name, namespace, {"replicatedJobs": jobs})


def _train_job(name: str, namespace: str, cpu: str) -> Object:
    asked = {"requests": {"cpu": cpu, "memory": "32Mi"}}
    trainer = {"numNodes": 1, "command": ["python3", "-c", SLEEP], "resourcesPerNode": asked}
    return _made(
        TRAIN_JOB, "TrainJob", name, namespace, {"runtimeRef": {"name": "jax-distributed"}, "trainer": trainer}
    )


def ray_cluster_spec(cpu: str) -> Object:
    """The example's Ray cluster without its workers."""
    spec = copy.deepcopy(example.manifests("")[1]["spec"]["rayClusterSpec"])
    del spec["workerGroupSpecs"]
    pod = spec["headGroupSpec"]["template"]["spec"]
    del pod["volumes"], pod["containers"][0]["volumeMounts"]
    pod["containers"][0]["resources"]["requests"]["cpu"] = cpu
    return dict(spec)


def _ray_cluster(name: str, namespace: str, cpu: str) -> Object:
    return _made(RAY_CLUSTER, "RayCluster", name, namespace, ray_cluster_spec(cpu))


def _ray_job(name: str, namespace: str, cpu: str) -> Object:
    spec = {"submissionMode": "HTTPMode", "shutdownAfterJobFinishes": True, "entrypoint": "sleep 3600"}
    return _made(RAY_JOB, "RayJob", name, namespace, {**spec, "rayClusterSpec": ray_cluster_spec(cpu)})


def _ray_service(name: str, namespace: str, cpu: str) -> Object:
    return _made(RAY_SERVICE, "RayService", name, namespace, {"rayClusterConfig": ray_cluster_spec(cpu)})


def _made(kind: Kind, word: str, name: str, namespace: str, spec: Object) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": kind.api_version, "kind": word, "metadata": metadata, "spec": spec}


OWNERS = {
    "Job": Owner(JOB, lambda name, namespace, cpu: job(name, namespace, SLEEP, cpu=cpu), "queueing"),
    "JobSet": Owner(JOB_SET, _job_set, "jobset"),
    "TrainJob": Owner(TRAIN_JOB, _train_job, "training"),
    "RayCluster": Owner(RAY_CLUSTER, _ray_cluster, "ray"),
    "RayJob": Owner(RAY_JOB, _ray_job, "ray"),
    "RayService": Owner(RAY_SERVICE, _ray_service, "ray"),
}
