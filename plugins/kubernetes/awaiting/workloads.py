"""Readiness of what runs pods."""

from plugins.kubernetes.awaiting.readiness import READY, Lister, Readiness, failed, waiting
from plugins.kubernetes.errors import Object
from plugins.kubernetes.objects import annotation, conditions, get


def deployment(obj: Object, _: Lister) -> Readiness:
    """The current revision's pods are all ready, the Deployment is available and its roll-out done."""
    if not _is_observed(obj):
        return waiting("the Deployment controller has not seen the change yet")
    wanted = get(obj, "spec", "replicas", default=1)
    updated, ready = _count(obj, "updatedReplicas"), _count(obj, "readyReplicas")
    known = conditions(obj)
    if _status(known, "Available") != "True":
        return waiting(f"{ready} of {wanted} pods ready{_words(known, 'Available', 'Progressing', 'ReplicaFailure')}")
    rolled_out = get(known, "Progressing", "reason") == "NewReplicaSetAvailable"
    if not rolled_out and annotation(obj, "deployment.kubernetes.io/revision") != "1":
        return waiting(f"{updated} of {wanted} pods updated{_words(known, 'Progressing', 'ReplicaFailure')}")
    if updated < wanted or ready < wanted:
        return waiting(f"{min(updated, ready)} of {wanted} pods updated and ready")
    return READY


def stateful_set(obj: Object, _: Lister) -> Readiness:
    """All pods are ready and, unless they roll on deletion only or by partition, of the current revision."""
    if not _is_observed(obj):
        return waiting("the StatefulSet controller has not seen the change yet")
    wanted = get(obj, "spec", "replicas", default=1)
    ready, updated = _count(obj, "readyReplicas"), _count(obj, "updatedReplicas")
    if ready < wanted:
        return waiting(f"{ready} of {wanted} pods ready")
    strategy = get(obj, "spec", "updateStrategy", default={})
    if strategy.get("type", "RollingUpdate") == "RollingUpdate":
        partition = get(strategy, "rollingUpdate", "partition", default=0) or 0
        if updated < max(wanted - partition, 0):
            return waiting(f"{updated} of {wanted - partition} pods updated")
    return READY


def daemon_set(obj: Object, _: Lister) -> Readiness:
    """Every node that should run a pod runs an updated one that is available (kstatus's rule)."""
    if not _is_observed(obj) or get(obj, "status", "desiredNumberScheduled") is None:
        return waiting("the DaemonSet controller has not seen the change yet")
    wanted = _count(obj, "desiredNumberScheduled")
    for field in ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"):
        if _count(obj, field) < wanted:
            return waiting(f"{field} is {_count(obj, field)} of {wanted}")
    return READY


def replication_controller(obj: Object, _: Lister) -> Readiness:
    """All its pods are available."""
    wanted, available = get(obj, "spec", "replicas", default=1), _count(obj, "availableReplicas")
    return READY if available == wanted else waiting(f"{available} of {wanted} pods available")


def job(obj: Object, _: Lister) -> Readiness:
    """The Job is complete. One that failed is an error at once."""
    known = conditions(obj)
    if _status(known, "Failed") == "True":
        return failed(f"the Job failed{_words(known, 'Failed')}")
    if _status(known, "Complete") == "True":
        return READY
    if get(obj, "spec", "suspend"):
        return waiting("the Job is suspended")
    return waiting(f"{_count(obj, 'succeeded')} of {get(obj, 'spec', 'completions', default=1)} pods succeeded")


def pod(obj: Object, _: Lister) -> Readiness:
    """The Pod is ready, or has succeeded."""
    phase = get(obj, "status", "phase")
    if phase == "Succeeded":
        return READY
    if phase == "Failed":
        return failed(f"the Pod failed: {get(obj, 'status', 'message', default='see its containers')}")
    known = conditions(obj)
    for condition, state in (("PodScheduled", "scheduled"), ("Initialized", "initialized"), ("Ready", "ready")):
        if _status(known, condition) != "True":
            return waiting(f"the Pod is not {state}{_words(known, condition)}")
    return READY


def _is_observed(obj: Object) -> bool:
    return bool(get(obj, "status", "observedGeneration", default=0) >= get(obj, "metadata", "generation", default=1))


def _count(obj: Object, field: str) -> int:
    return int(get(obj, "status", field, default=0) or 0)


def _status(known: dict[str, Object], condition: str) -> str:
    return str(get(known, condition, "status", default=""))


def _words(known: dict[str, Object], *types: str) -> str:
    """The reasons and messages of conditions, as the rest of a sentence."""
    parts = [
        f"[{known[name].get('reason', name)}] {known[name]['message']}"
        for name in types
        if name in known and known[name].get("message")
    ]
    return ": " + "; ".join(parts) if parts else ""
