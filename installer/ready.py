"""The one evaluator of checks: the installer's gates, `cairn status` and the smoke tests all ask it."""

from dataclasses import dataclass

from kubernetes.client import ApiClient

from modules.contract.api import ApiError, Object, get, path_of, request
from modules.contract.checks import (
    Accepts,
    Allocatable,
    Check,
    Condition,
    DefaultStorageClass,
    Devices,
    Done,
    Established,
    Exists,
    Labelled,
    RolledOut,
)
from modules.contract.module import ALREADY_THERE, Module
from profiles.schema import Profile

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True)
class Result:
    """Whether a check holds and, where it doesn't, why not, in one line."""

    ok: bool
    why: str = ""


def evaluate(check: Check, client: ApiClient) -> Result:
    """Ask the cluster once. An API server that refuses or does not answer is a check that fails, not an exception."""
    try:
        why = _why_not(check, client)
    except ApiError as error:
        why = str(error) if error.status else f"the API server does not answer: {error}"
    return Result(ok=not why, why=f"{check}: {why}" if why else "")


def failing(module: Module, profile: Profile, version: str, client: ApiClient) -> tuple[str, ...]:
    """Why a module does not serve, a line for each check that fails; nothing when it does.

    `version` is what the stack's output says of it. What somebody else has installed is held to being there alone:
    our own checks name our own workloads.
    """
    if version == ALREADY_THERE:
        found = [evaluate(check, client) for check in module.foreign]
        return () if any(result.ok for result in found) else tuple(result.why for result in found)
    return tuple(result.why for check in module.checks(profile) if not (result := evaluate(check, client)).ok)


def _why_not(check: Check, client: ApiClient) -> str:
    match check:
        case RolledOut():
            return _not_rolled_out(check, client)
        case Established():
            crd = get(client, path_of("apiextensions.k8s.io/v1", "customresourcedefinitions", check.crd))
            return _no_condition(crd, "Established")
        case Accepts():
            path = path_of(
                check.content["apiVersion"], check.resource, "", check.content["metadata"].get("namespace", "")
            )
            request(client, "POST", f"{path}?dryRun=All", check.content)
            return ""
        case Condition():
            found = get(client, path_of(check.api_version, check.resource, check.name, check.namespace))
            return _no_condition(found, check.type)
        case Done():
            return _not_done(get(client, path_of("batch/v1", "jobs", check.name, check.namespace)))
        case Exists():
            found = get(client, path_of(check.api_version, check.resource, check.name, check.namespace))
            return "not there" if found is None else ""
        case Labelled():
            found = get(client, path_of(check.api_version, check.resource, check.name))
            return "not there" if found is None else _lacks_labels(found, check.labels)
        case DefaultStorageClass():
            classes = _list(client, "storage.k8s.io/v1", "storageclasses")
            defaults = [each for each in classes if _annotations(each).get(DEFAULT_CLASS) == "true"]
            return "" if defaults else "no StorageClass is marked as the default"
        case Devices():
            return _too_few_devices(check, client)
        case Allocatable():
            nodes = _list(client, "v1", "nodes")
            some = [node for node in nodes if node["status"].get("allocatable", {}).get(check.resource, "0") != "0"]
            return "" if some else f"no node has {check.resource}"


def _lacks_labels(found: Object, wanted: dict[str, str]) -> str:
    has = found["metadata"].get("labels") or {}
    lacking = ", ".join(f"{key}={value}" for key, value in wanted.items() if has.get(key) != value)
    return f"lacks the label {lacking}, without which its rules don't hold" if lacking else ""


def _not_rolled_out(check: RolledOut, client: ApiClient) -> str:
    workload = get(client, path_of("apps/v1", f"{check.kind.lower()}s", check.name, check.namespace))
    if workload is None:
        return "not there"
    status = workload.get("status", {})
    if status.get("observedGeneration", 0) < workload["metadata"]["generation"]:
        return "its controller has not seen it yet"
    if check.kind == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
        if wanted == 0:
            return "wanted on no node"
    else:
        wanted = workload["spec"].get("replicas", 1)
        if wanted == 0:
            return "scaled to zero"
        updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated >= wanted and available >= wanted:
        return ""
    return f"{available} of {wanted} available" + ("" if updated >= wanted else f", {updated} up to date")


def _not_done(job: Object | None) -> str:
    if job is None:
        return "not there"
    conditions = {each["type"]: each for each in job.get("status", {}).get("conditions") or []}
    if conditions.get("Complete", {}).get("status") == "True":
        return ""
    if conditions.get("Failed", {}).get("status") == "True":
        name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
        said = conditions["Failed"].get("message", "")
        return f"failed: {said}; what it said: kubectl -n {namespace} logs job/{name}"
    return "has not ended yet"


def _no_condition(found: Object | None, wanted: str) -> str:
    if found is None:
        return "not there"
    if found.get("metadata", {}).get("deletionTimestamp"):
        return "is being deleted"
    for condition in found.get("status", {}).get("conditions") or []:
        if condition["type"] == wanted:
            return "" if condition["status"] == "True" else f"not {wanted}: {condition.get('message', '')}"
    return f"not {wanted} yet"


def _too_few_devices(check: Devices, client: ApiClient) -> str:
    published: dict[str, int] = {}
    for piece in _list(client, "resource.k8s.io/v1", "resourceslices"):
        if piece["spec"]["driver"] == check.driver:
            node = piece["spec"].get("nodeName", "")
            published[node] = published.get(node, 0) + len(piece["spec"].get("devices") or [])
    nodes = [node["metadata"]["name"] for node in _list(client, "v1", "nodes") if not _no_condition(node, "Ready")]
    if not nodes:
        return "no node is ready"
    short = [f"{node} has {published.get(node, 0)}" for node in nodes if published.get(node, 0) < check.per_node]
    return f"{check.per_node} wanted on each node, {', '.join(short)}" if short else ""


def _list(client: ApiClient, api_version: str, resource: str) -> list[Object]:
    found = get(client, path_of(api_version, resource))
    items: list[Object] = found["items"] if found else []
    return items


def _annotations(found: Object) -> dict[str, str]:
    annotations: dict[str, str] = found["metadata"].get("annotations") or {}
    return annotations
