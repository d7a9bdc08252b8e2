"""What an error says about an object that is not ready."""

from plugins.kubernetes.errors import Object, UnreachableError
from plugins.kubernetes.events import explain, pod_problems

DEPLOYMENT: Object = {
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "try", "uid": "d"},
    "spec": {"selector": {"matchLabels": {"a": "b"}}},
}
POD: Object = {
    "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "try", "uid": "p"},
    "status": {
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [
            {"name": "c", "ready": False, "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}
        ],
    },
}


def event(uid: str, reason: str, kind: str = "Warning", time: str = "1") -> Object:
    about = {"uid": uid, "kind": "Pod"}
    return {"type": kind, "reason": reason, "message": "m", "involvedObject": about, "lastTimestamp": time}


def lister(api_version: str, kind: str, namespace: str, selector: str) -> list[Object]:
    assert namespace == "try"
    if kind == "Event":
        return [
            event("p", "Old", time="1"),
            event("p", "New", time="2"),
            event("p", "Fine", "Normal"),
            event("x", "No"),
        ]
    assert selector == "a=b"
    return {"Pod": [POD], "ReplicaSet": []}[kind]


def test_the_pods_own_words_come_before_the_warnings_and_the_newest_warning_first() -> None:
    assert explain(DEPLOYMENT, lister) == [
        "Pod try/web-1: container c: [ErrImagePull] no such host",
        "Pod try/web-1: [New] m",
        "Pod try/web-1: [Old] m",
    ]


def test_a_pod_that_was_not_scheduled_or_crashed_says_so() -> None:
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]
    crashed = {"terminated": {"exitCode": 3, "reason": "Error"}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    statuses = [{"name": "c", "ready": False, "state": waiting, "lastState": crashed}]
    pod = {"metadata": {"name": "a"}, "status": {"conditions": conditions, "containerStatuses": statuses}}
    assert pod_problems(pod) == [
        "Pod a: [Unschedulable] 0/1 nodes",
        "Pod a: container c: [CrashLoopBackOff] back-off",
        "Pod a: container c: [Error] exit code 3",
    ]


def test_a_pod_that_starts_has_no_problem() -> None:
    statuses = [{"name": "c", "ready": False, "state": {"waiting": {"reason": "ContainerCreating"}}}]
    assert pod_problems({"metadata": {"name": "a"}, "status": {"containerStatuses": statuses}}) == []


def test_where_events_cannot_be_read_there_is_nothing_more_to_say() -> None:
    def unreachable(*_: str) -> list[Object]:
        raise UnreachableError("gone")

    assert explain(DEPLOYMENT, unreachable) == []
