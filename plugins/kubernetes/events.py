"""Why an object is not ready: the warnings that Kubernetes recorded for it, and its pods' own complaints."""

from collections.abc import Callable

from plugins.kubernetes.errors import Object, ProviderError
from plugins.kubernetes.objects import conditions, get, id_of, name_of, namespace_of

Lister = Callable[[str, str, str, str], list[Object]]
# More than these say nothing new.
_MOST = 10


def explain(obj: Object, lister: Lister) -> list[str]:
    """What is known to be wrong, most telling first; empty where nothing is, or where it can't be read."""
    try:
        pods = _pods(obj, lister)
        owners = _owned(obj, lister)
        problems = [text for pod in pods for text in pod_problems(pod)]
        warnings = _warnings([obj, *owners, *pods], lister)
    except ProviderError:
        return []
    return list(dict.fromkeys(problems + warnings))[:_MOST]


def pod_problems(pod: Object) -> list[str]:
    """What a pod says of itself: not scheduled, image not pulled, container crashed."""
    if get(pod, "status", "phase") == "Succeeded":
        return []
    problems = []
    scheduled = conditions(pod).get("PodScheduled", {})
    if scheduled.get("status") == "False":
        problems.append(f"[{scheduled.get('reason')}] {scheduled.get('message')}")
    statuses = [
        status
        for field in ("initContainerStatuses", "containerStatuses")
        for status in get(pod, "status", field, default=[]) or []
    ]
    for status in statuses:
        if not status.get("ready"):
            problems += [f"container {status['name']}: {text}" for text in _container_problems(status)]
    return [f"Pod {id_of(pod)}: {problem}" for problem in problems]


def _container_problems(status: Object) -> list[str]:
    problems = []
    waiting = get(status, "state", "waiting") or {}
    if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
        problems.append(f"[{waiting['reason']}] {waiting.get('message', '')}".strip())
    for terminated in (get(status, "state", "terminated") or {}, get(status, "lastState", "terminated") or {}):
        if terminated and terminated.get("exitCode") != 0:
            text = f"[{terminated.get('reason', 'Terminated')}] exit code {terminated.get('exitCode')}"
            problems.append(f"{text} {terminated.get('message', '')}".strip())
    return problems


def _pods(obj: Object, lister: Lister) -> list[Object]:
    selector = _selector(obj)
    if not selector:
        return []
    return lister("v1", "Pod", namespace_of(obj), selector)


def _owned(obj: Object, lister: Lister) -> list[Object]:
    if obj.get("kind") != "Deployment":
        return []
    return lister("apps/v1", "ReplicaSet", namespace_of(obj), _selector(obj))


def _selector(obj: Object) -> str:
    labels = {
        "Service": get(obj, "spec", "selector"),
        "Job": {"batch.kubernetes.io/job-name": name_of(obj)},
    }.get(str(obj.get("kind")), get(obj, "spec", "selector", "matchLabels"))
    return ",".join(f"{key}={value}" for key, value in (labels or {}).items())


def _warnings(objects: list[Object], lister: Lister) -> list[str]:
    about = {get(obj, "metadata", "uid"): obj for obj in objects}
    events = [
        event
        for event in lister("v1", "Event", namespace_of(objects[0]), "")
        if event.get("type") == "Warning" and get(event, "involvedObject", "uid") in about
    ]
    events.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""), reverse=True)
    return [
        f"{get(event, 'involvedObject', 'kind')} {id_of(about[event['involvedObject']['uid']])}: "
        f"[{event.get('reason')}] {event.get('message')}"
        for event in events
    ]
