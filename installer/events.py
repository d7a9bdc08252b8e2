"""What the cluster itself says went wrong."""

from kubernetes.client import ApiClient

from modules.contract.api import ApiError, get, path_of

MOST = 5


def warnings(client: ApiClient, namespace: str) -> list[str]:
    """The latest warnings of a namespace, one line each, the newest last; none if the server doesn't answer."""
    try:
        found = get(client, f"{path_of('v1', 'events', namespace=namespace)}?fieldSelector=type%3DWarning")
    except ApiError:
        return []
    events = (found or {}).get("items", [])
    events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    lines = [
        f"{event['involvedObject']['kind']} {event['involvedObject'].get('name', '')}: "
        f"{event.get('reason', '')}: {event.get('message', '').strip()}"
        for event in events
    ]
    return list(dict.fromkeys(lines))[-MOST:]
