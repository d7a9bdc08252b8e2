"""Objects of the small workloads that the tests run."""

from catalog.schema import load
from modules.contract.api import Object

PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
GPU = "nvidia.com/gpu"

CONNECTED = """
import errno, socket, time
def connected(host, port):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection((host, int(port)), timeout=30)
        except OSError as failure:
            # A node sends on to a pod that is gone, or to none, until it has heard of the new one.
            passing = failure.errno in (errno.ECONNREFUSED, errno.EHOSTUNREACH)
            if not passing or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
"""
"""Python for a pod: a connection to a service whose pod may have become ready a moment ago."""

SLEEP = "import time; time.sleep(3600)"


def python_image() -> str:
    """The image of every helper pod: Python alone, small, and under both supplies the same name."""
    return load().image("python")


def resources(cpu: str = "10m", memory: str = "32Mi", gpu: int = 0) -> Object:
    """Requests, and as limits what must be limited; CPU is left unlimited so that tests stay quick."""
    devices = {GPU: str(gpu)} if gpu else {}
    return {"requests": {"cpu": cpu, "memory": memory, **devices}, "limits": {"memory": memory, **devices}}


def pod_spec(script: str, *, cpu: str = "10m", memory: str = "32Mi", gpu: int = 0) -> Object:
    """A pod that runs a Python script once, as nobody, with no privilege and no API token.

    NODE_NAME and POD_NAME in its environment say where and who it is.
    """
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "fsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "main",
                "image": python_image(),
                "command": ["python3", "-u", "-c", script],
                "env": [field("NODE_NAME", "spec.nodeName"), field("POD_NAME", "metadata.name")],
                "resources": resources(cpu, memory, gpu),
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }


def field(name: str, path: str) -> Object:
    """An environment variable that holds a field of the pod itself."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def pod(
    name: str,
    namespace: str,
    script: str,
    *,
    node: str | None = None,
    labels: dict[str, str] | None = None,
    gpu: int = 0,
) -> Object:
    """A pod outside every queue, on `node` when one is named."""
    placed = {"nodeSelector": {"kubernetes.io/hostname": node}} if node else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
        "spec": {**pod_spec(script, gpu=gpu), **placed},
    }


def job(
    name: str,
    namespace: str,
    script: str = SLEEP,
    *,
    pods: int = 1,
    cpu: str = "10m",
    gpu: int = 0,
    priority: str | None = None,
) -> Object:
    """A Job in the namespace's own queue; `pods` above one make a gang, which Kueue admits whole or not at all."""
    labels = {PRIORITY_LABEL: priority} if priority else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "parallelism": pods,
            "completions": pods,
            "template": {"metadata": {"labels": {"job": name}}, "spec": pod_spec(script, cpu=cpu, gpu=gpu)},
        },
    }


def service(name: str, namespace: str, labels: dict[str, str], port: int) -> Object:
    """A Service over the pods that carry the labels."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": labels, "ports": [{"port": port, "targetPort": port}]},
    }


def volume_claim(name: str, namespace: str, size: str = "16Mi") -> Object:
    """A claim on the default StorageClass."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


def with_volume(manifest: Object, claim: str, path: str) -> Object:
    """The pod with the claim mounted at `path`."""
    spec = manifest["spec"]
    container, *others = spec["containers"]
    mounted = container | {"volumeMounts": [{"name": "volume", "mountPath": path}]}
    volumes = [{"name": "volume", "persistentVolumeClaim": {"claimName": claim}}]
    return manifest | {"spec": spec | {"containers": [mounted, *others], "volumes": volumes}}


def preferring(spec: Object, node: str) -> Object:
    """The pod's specification with a wish for `node`: it runs there while it can, and elsewhere otherwise."""
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    wish = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": term}]}
    return spec | {"affinity": {"nodeAffinity": wish}}
