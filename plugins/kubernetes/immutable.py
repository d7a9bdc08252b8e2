"""Fields whose change replaces an object: the official plug-in's table.

Kubernetes refuses to change most of them; ConfigMaps' and Secrets' data the official plug-in treats as immutable so
that the pods that use them are rolled. Paths cover everything below them; `[*]` is any element.
"""

from collections.abc import Iterable

from plugins.kubernetes.kinds import Kind

Path = tuple[str | int, ...]

_ALWAYS = ("metadata.name", "metadata.namespace")
_CONTAINER = (
    "args",
    "command",
    "env",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
)
_POD = (
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "resourceClaims",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "volumes",
)
_VOLUME = (
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
)

_TABLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "ConfigMap"): ("binaryData", "data"),
    ("", "PersistentVolume"): tuple(f"spec.{field}" for field in _VOLUME),
    ("", "PersistentVolumeClaim"): ("spec",),
    ("", "Pod"): (
        *(f"spec.{field}" for field in _POD),
        *(f"spec.{kind}[*].{field}" for kind in ("containers", "initContainers") for field in _CONTAINER),
    ),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type", "stringData", "data"),
    ("", "Service"): ("spec.clusterIP",),
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): ("parameters", "provisioner"),
}


def fields(kind: Kind, mutable: Iterable[str] = ()) -> tuple[str, ...]:
    """The kind's immutable fields; `mutable` names kinds whose data the provider's configuration allows to change."""
    if not kind.group and kind.name in mutable:
        return _ALWAYS
    return _ALWAYS + _TABLE.get((kind.group, kind.name), ())


def replaces(path: Path, values: Iterable[object], immutable: Iterable[str]) -> bool:
    """Whether a change at the path, from or to one of the values, touches an immutable field.

    It does at or below such a field, and above it where the old or the new value holds the field.
    """
    # Elements count the same at every index.
    steps = tuple("*" if isinstance(step, int) else step for step in path)
    return any(_touches(steps, values, _steps(field)) for field in immutable)


def _touches(path: tuple[str, ...], values: Iterable[object], field: tuple[str, ...]) -> bool:
    if path[: len(field)] == field:
        return True
    if field[: len(path)] == path:
        return any(_holds(value, field[len(path) :]) for value in values)
    return False


def _holds(value: object, steps: tuple[str, ...]) -> bool:
    if not steps:
        return True
    if steps[0] == "*":
        return isinstance(value, list) and any(_holds(item, steps[1:]) for item in value)
    return isinstance(value, dict) and steps[0] in value and _holds(value[steps[0]], steps[1:])


def _steps(field: str) -> tuple[str, ...]:
    return tuple(field.replace("[*]", ".*").split("."))
