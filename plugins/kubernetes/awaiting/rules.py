"""Which rule an object waits by, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass

from plugins.kubernetes.awaiting import other, wait_for, workloads
from plugins.kubernetes.awaiting.readiness import Rule
from plugins.kubernetes.errors import Object
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.objects import SKIP_AWAIT, TIMEOUT_SECONDS, WAIT_FOR, annotation, is_marked

# Seconds.
_LONG, _MIDDLE, _SHORT = 600.0, 300.0, 60.0
DELETION_TIMEOUT = 300.0
_LONG_DELETION = frozenset((("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet")))
# The official plug-in lets skipAwait skip the wait for these kinds' deletion only.
_SKIPS_DELETION = _LONG_DELETION | {
    ("", "Namespace"), ("", "Pod"), ("", "ReplicationController"), ("batch", "Job"),
}  # fmt: skip


@dataclass(frozen=True)
class Wait:
    """A rule for one wait, and its limit in seconds."""

    rule: Rule
    timeout: float


@dataclass(frozen=True)
class _Entry:
    make: Callable[[], Rule]
    timeout: float
    on_read: bool = True


_RULES: dict[tuple[str, str], _Entry] = {
    ("apps", "DaemonSet"): _Entry(lambda: workloads.daemon_set, _LONG),
    ("apps", "Deployment"): _Entry(lambda: workloads.deployment, _LONG),
    ("apps", "StatefulSet"): _Entry(lambda: workloads.stateful_set, _LONG),
    ("batch", "Job"): _Entry(lambda: workloads.job, _LONG),
    ("", "Pod"): _Entry(lambda: workloads.pod, _LONG),
    ("", "ReplicationController"): _Entry(lambda: workloads.replication_controller, _LONG, on_read=False),
    ("", "Service"): _Entry(other.Service, _LONG),
    ("networking.k8s.io", "Ingress"): _Entry(lambda: other.ingress, _LONG),
    ("", "PersistentVolume"): _Entry(lambda: other.persistent_volume, _MIDDLE, on_read=False),
    ("", "PersistentVolumeClaim"): _Entry(lambda: other.persistent_volume_claim, _MIDDLE, on_read=False),
    ("", "ResourceQuota"): _Entry(lambda: other.resource_quota, _SHORT, on_read=False),
    ("", "Secret"): _Entry(lambda: other.secret, 5.0, on_read=False),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _Entry(
        lambda: other.custom_resource_definition, _SHORT, on_read=False
    ),
}


def for_object(inputs: Object, custom_timeout: float = 0) -> Wait | None:
    """How to wait for an object with these inputs; None where there is nothing to wait for.

    :param custom_timeout: the resource option `customTimeouts` in seconds, 0 when it is not set.
    :raises ProviderError: the object's `pulumi.com/waitFor` is malformed.
    """
    if is_marked(inputs, SKIP_AWAIT):
        return None
    kind = Kind.of(inputs)
    entry = _RULES.get((kind.group, kind.name))
    if text := annotation(inputs, WAIT_FOR):
        return Wait(wait_for.rule(text), timeout(inputs, custom_timeout, _LONG))
    if entry is None:
        return None
    return Wait(entry.make(), timeout(inputs, custom_timeout, entry.timeout))


def for_reading(inputs: Object) -> Rule | None:
    """The rule for one look at an object that exists; None where a look says nothing."""
    if is_marked(inputs, SKIP_AWAIT) or annotation(inputs, WAIT_FOR):
        return None
    kind = Kind.of(inputs)
    entry = _RULES.get((kind.group, kind.name))
    if entry is None or not entry.on_read:
        return None
    # One look can't tell whether endpoints are steady.
    return other.Service(steady=0.0) if (kind.group, kind.name) == ("", "Service") else entry.make()


def deletion_timeout(inputs: Object, custom_timeout: float = 0) -> float | None:
    """Seconds to wait until an object is gone; None where its annotation skips the wait."""
    kind = Kind.of(inputs)
    key = (kind.group, kind.name)
    if is_marked(inputs, SKIP_AWAIT) and key in _SKIPS_DELETION:
        return None
    return timeout(inputs, custom_timeout, _LONG if key in _LONG_DELETION else DELETION_TIMEOUT)


def timeout(inputs: Object, custom_timeout: float, default: float) -> float:
    """The resource option before the annotation before the kind's own limit."""
    if custom_timeout:
        return custom_timeout
    text = annotation(inputs, TIMEOUT_SECONDS)
    return float(text) if text.isdigit() else default
