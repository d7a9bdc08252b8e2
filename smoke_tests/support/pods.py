"""Running single pods and reading what they printed."""

from kubernetes.client import CoreV1Api
from kubernetes.stream import stream

from modules.contract.api import Object, connect
from smoke_tests.support.cluster import POD, Cluster, is_true

PULL_SECONDS = 90
"""A pod's first start on a node, image pull included, on two busy cores."""


def name_of(manifest: Object) -> tuple[str, str]:
    """The object's name and namespace."""
    return manifest["metadata"]["name"], manifest["metadata"]["namespace"]


def ended(pod: Object) -> bool:
    """Whether the pod's containers are done."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def output(cluster: Cluster, manifest: Object, seconds: float = PULL_SECONDS) -> str:
    """Runs the pod to its end and returns what it printed. Raises AssertionError with it when the pod fails."""
    name, namespace = name_of(manifest)
    cluster.create(manifest)
    done = cluster.wait_for(POD, name, namespace, ended, seconds)
    printed = cluster.logs(name, namespace)
    assert done["status"]["phase"] == "Succeeded", f"pod {name} failed and said: {printed}"
    return printed


def refusal(cluster: Cluster, manifest: Object, seconds: float = PULL_SECONDS) -> str:
    """Runs the pod to its end, which must be a failure, and returns what it printed."""
    name, namespace = name_of(manifest)
    cluster.create(manifest)
    done = cluster.wait_for(POD, name, namespace, ended, seconds)
    printed = cluster.logs(name, namespace)
    assert done["status"]["phase"] == "Failed", f"pod {name} was not refused and said: {printed}"
    return printed


def start(cluster: Cluster, manifest: Object, seconds: float = PULL_SECONDS) -> Object:
    """Runs the pod and returns it as soon as it is ready."""
    name, namespace = name_of(manifest)
    cluster.create(manifest)
    return cluster.wait_for(POD, name, namespace, lambda pod: is_true(pod, "Ready"), seconds)


def running(cluster: Cluster, namespace: str, job: str) -> list[Object]:
    """The job's pods that exist and are not done."""
    return [pod for pod in cluster.find(POD, namespace, f"job={job}") if not ended(pod)]


KEPT = """
import http.client, time
connection = http.client.HTTPConnection("127.0.0.1", {port})
for pause in (0, {idle_seconds}):
    time.sleep(pause)
    connection.request("GET", "{path}")
    answer = connection.getresponse()
    answer.read()
    print(answer.status)
"""


def keeps_connections(cluster: Cluster, pod: Object, container: str, port: int, path: str) -> str:
    """What a server in a container answers twice over one connection, which is idle in between.

    That for longer than uvicorn keeps one unless told otherwise (5 s): a second answer shows that it was told.
    """
    return printed(cluster, pod, container, ["python3", "-c", KEPT.format(port=port, path=path, idle_seconds=7)])


def printed(cluster: Cluster, pod: Object, container: str, command: list[str]) -> str:
    """What a command in a running container prints."""
    # A client of its own: to speak WebSocket, the library changes the one that it is given.
    core = CoreV1Api(connect(cluster.kubeconfig, cluster.environment.context))
    name, namespace = name_of(pod)
    where = {"container": container, "command": command, "stdout": True, "stderr": True}
    return str(stream(core.connect_get_namespaced_pod_exec, name, namespace, **where))
