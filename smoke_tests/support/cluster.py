"""The cluster under test: reading and writing its objects as plain dictionaries."""

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

from kubernetes.client import CoreV1Api

from modules.contract.api import ApiError, Object, connect, get, path_of, request
from smoke_tests.support.environment import Environment
from smoke_tests.support.waiting import until


class Kind(NamedTuple):
    """A kind of object: the API version, and the plural that its paths have."""

    api_version: str
    resource: str


EVENT = Kind("v1", "events")
NAMESPACE = Kind("v1", "namespaces")
NODE = Kind("v1", "nodes")
CONFIG_MAP = Kind("v1", "configmaps")
POD = Kind("v1", "pods")
SECRET = Kind("v1", "secrets")
SERVICE = Kind("v1", "services")
SERVICE_ACCOUNT = Kind("v1", "serviceaccounts")
VOLUME = Kind("v1", "persistentvolumes")
VOLUME_CLAIM = Kind("v1", "persistentvolumeclaims")
DEPLOYMENT = Kind("apps/v1", "deployments")
STATEFUL_SET = Kind("apps/v1", "statefulsets")
JOB = Kind("batch/v1", "jobs")
CRON_JOB = Kind("batch/v1", "cronjobs")
STORAGE_CLASS = Kind("storage.k8s.io/v1", "storageclasses")
RESOURCE_CLAIM = Kind("resource.k8s.io/v1", "resourceclaims")
RESOURCE_SLICE = Kind("resource.k8s.io/v1", "resourceslices")
CLUSTER_QUEUE = Kind("kueue.x-k8s.io/v1beta2", "clusterqueues")
LOCAL_QUEUE = Kind("kueue.x-k8s.io/v1beta2", "localqueues")
WORKLOAD = Kind("kueue.x-k8s.io/v1beta2", "workloads")
RAY_JOB = Kind("ray.io/v1", "rayjobs")
RAY_SERVICE = Kind("ray.io/v1", "rayservices")
RAY_CLUSTER = Kind("ray.io/v1", "rayclusters")
JOB_SET = Kind("jobset.x-k8s.io/v1alpha2", "jobsets")
TRAIN_JOB = Kind("trainer.kubeflow.org/v1alpha1", "trainjobs")
GATEWAY = Kind("gateway.networking.k8s.io/v1", "gateways")
GRPC_ROUTE = Kind("gateway.networking.k8s.io/v1", "grpcroutes")
HTTP_ROUTE = Kind("gateway.networking.k8s.io/v1", "httproutes")
NODE_METRICS = Kind("metrics.k8s.io/v1beta1", "nodes")
POD_METRICS = Kind("metrics.k8s.io/v1beta1", "pods")
CONFLICT_SECONDS = 30
"""Controllers write an object's status a few times in a row, and then leave it alone."""

IN_ORDER: Object = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}


def kind_of(manifest: Object) -> Kind:
    """The kind that a manifest is of, by English's rules for plurals, which Kubernetes' built-in names keep to."""
    singular = manifest["kind"].lower()
    if singular.endswith("y"):
        return Kind(manifest["apiVersion"], f"{singular[:-1]}ies")
    return Kind(manifest["apiVersion"], f"{singular}es" if singular.endswith("s") else f"{singular}s")


class Cluster:
    """One identity's way to the cluster: the administrator's, or a team's with `as_user`. Refusals are ApiErrors."""

    def __init__(self, environment: Environment, kubeconfig: str) -> None:
        self.environment = environment
        self.kubeconfig = kubeconfig
        self.api = connect(kubeconfig, environment.context)

    def as_user(self, kubeconfig: str) -> "Cluster":
        """The same cluster through another kubeconfig."""
        return Cluster(self.environment, kubeconfig)

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Creates the object and returns it as the API server made it."""
        path = path_of(*kind_of(manifest), namespace=manifest["metadata"].get("namespace", ""))
        return request(self.api, "POST", f"{path}?dryRun=All" if dry_run else path, manifest)

    def get(self, kind: Kind, name: str, namespace: str = "") -> Object | None:
        """The object, or None when there is none of that name."""
        return get(self.api, path_of(*kind, name=name, namespace=namespace))

    def find(self, kind: Kind, namespace: str = "", labels: str = "") -> list[Object]:
        """Every object of that kind, in one namespace or in all, that carries the labels."""
        found = request(self.api, "GET", f"{path_of(*kind, namespace=namespace)}?labelSelector={quote(labels)}")
        return list(found["items"])

    def delete(self, kind: Kind, name: str, namespace: str = "") -> None:
        """Asks for the object's deletion, dependents first; one that is gone already is fine."""
        try:
            request(self.api, "DELETE", path_of(*kind, name=name, namespace=namespace), IN_ORDER)
        except ApiError as error:
            if error.status != 404:
                raise

    def kill(self, pod: str, namespace: str) -> None:
        """Ends the pod's processes at once, as when they are killed, and takes it off the cluster."""
        at_once = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
        request(self.api, "DELETE", path_of(*POD, name=pod, namespace=namespace), at_once)

    def remove(self, kind: Kind, name: str, namespace: str = "", seconds: float = 120) -> None:
        """Deletes the object and waits until it is gone."""
        self.delete(kind, name, namespace)
        until(lambda: self.get(kind, name, namespace) is None, seconds, f"{kind.resource} {name} to be gone")

    def scale(self, kind: Kind, name: str, namespace: str, replicas: int, seconds: float = 120) -> None:
        """Runs so many replicas of a workload, and waits until they are ready, or gone."""
        scale = {"metadata": {"name": name, "namespace": namespace}, "spec": {"replicas": replicas}}
        path = f"{path_of(*kind, name=name, namespace=namespace)}/scale"
        request(self.api, "PUT", path, {"apiVersion": "autoscaling/v1", "kind": "Scale", **scale})
        self.wait_for(kind, name, namespace, lambda found: settled(found, replicas), seconds)

    def change(self, kind: Kind, name: str, namespace: str, change: Callable[[Object], object]) -> Object:
        """Reads the object, changes it and writes it back; again, when somebody else wrote it in between.

        Raises ApiError when it is refused.
        """
        path = path_of(*kind, name=name, namespace=namespace)

        def written() -> Object:
            found = request(self.api, "GET", path)
            change(found)
            try:
                return request(self.api, "PUT", path, found)
            except ApiError as error:
                assert error.status != HTTPStatus.CONFLICT, str(error)
                raise

        return until(written, CONFLICT_SECONDS, f"a change of {kind.resource} {namespace}/{name}")

    def may(self, **right: str) -> bool:
        """Whether the API server lets this identity do that: `verb`, `resource`, `namespace` and so on."""
        asked = {"metadata": {}, "spec": {"resourceAttributes": right}}
        review = self.create({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", **asked})
        return bool(review["status"]["allowed"])

    def logs(self, pod: str, namespace: str) -> str:
        """What the pod has printed so far."""
        answer = CoreV1Api(self.api).read_namespaced_pod_log(pod, namespace, _preload_content=False)
        return bytes(answer.data).decode(errors="replace")

    def nodes(self) -> list[str]:
        """The names of the nodes that are ready and take pods."""
        return [
            node["metadata"]["name"]
            for node in self.find(NODE)
            if is_true(node, "Ready") and not node["spec"].get("unschedulable")
        ]

    def wait_for(
        self, kind: Kind, name: str, namespace: str, condition: Callable[[Object], object], seconds: float
    ) -> Object:
        """Waits until the object is there and `condition` holds for it; returns it then."""

        def reached() -> Object | None:
            found = self.get(kind, name, namespace)
            assert found is not None, "there is no such object"
            assert condition(found), f"its status is {found.get('status')}"
            return found

        return until(reached, seconds, f"{kind.resource} {namespace}/{name}")


def settled(workload: Object, replicas: int) -> bool:
    """Whether a workload's controller has seen the newest change, and so many of its pods are there and ready."""
    status = workload.get("status", {})
    seen = status.get("observedGeneration") == workload["metadata"]["generation"]
    return bool(seen and status.get("replicas", 0) == status.get("readyReplicas", 0) == replicas)


def condition(manifest: Object, kind: str) -> Object:
    """The object's status condition of that type; empty when it has none."""
    conditions = manifest.get("status", {}).get("conditions") or []
    return next((dict(found) for found in conditions if found["type"] == kind), {})


def is_true(manifest: Object, kind: str) -> bool:
    """Whether the object's condition of that type is there and True."""
    return condition(manifest, kind).get("status") == "True"
