"""Plain calls of a Kubernetes API server, for reading and for dry runs; Pulumi does the writing."""

import json
from typing import Any

import yaml
from kubernetes import client, config
from urllib3 import disable_warnings
from urllib3.exceptions import HTTPError, InsecureRequestWarning

Object = dict[str, Any]
"""A Kubernetes object as its API has it."""


class ApiError(Exception):
    """The API server refused, or did not answer (`status` 0); the text is the server's own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def connect(kubeconfig: str, context: str | None = None) -> client.ApiClient:
    """Return a client for the text of a kubeconfig; nothing is sent yet. Raises ApiError if it can't be used."""
    try:
        content = yaml.safe_load(kubeconfig)
        configuration = client.Configuration()
        configuration.retries = False
        config.load_kube_config_from_dict(
            content, context=context, client_configuration=configuration, persist_config=False
        )
    except (yaml.YAMLError, config.ConfigException, TypeError, AttributeError) as error:
        raise ApiError(0, f"not a usable kubeconfig: {error}") from None
    if not configuration.verify_ssl:
        # The kubeconfig says so itself; a warning for each request would tell its owner nothing new.
        disable_warnings(InsecureRequestWarning)
    return client.ApiClient(configuration)


def path_of(api_version: str, resource: str, name: str = "", namespace: str = "") -> str:
    """The URL path of a collection or, with a name, of one object; `resource` is the plural, such as `pods`."""
    parts = ["", "apis" if "/" in api_version else "api", api_version]
    parts += ["namespaces", namespace] if namespace else []
    parts += [resource] + ([name] if name else [])
    return "/".join(parts)


def request(
    api: client.ApiClient,
    method: str,
    path: str,
    body: Object | None = None,
    timeout_seconds: float = 10,
    accept: str = "application/json",
) -> Object:
    """Send one request and return the answer's JSON. Raises ApiError."""
    headers = {"Accept": accept, "Content-Type": "application/json"}
    call = api.param_serialize(method, path, header_params=headers, body=body, auth_settings=["BearerToken"])
    try:
        answer = api.call_api(*call, _request_timeout=timeout_seconds)
        text = answer.read().decode()
    except (HTTPError, client.ApiException) as error:
        raise ApiError(0, str(error)) from None
    if 200 <= answer.status < 300:
        content: Object = json.loads(text)
        return content
    raise ApiError(answer.status, _message(text) or f"HTTP status {answer.status}")


def get(api: client.ApiClient, path: str, accept: str = "application/json") -> Object | None:
    """Return the object or list at `path`, or None where there is none. Raises ApiError for other refusals."""
    try:
        return request(api, "GET", path, accept=accept)
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def execute(api: client.ApiClient, namespace: str, pod: str, container: str, command: list[str]) -> str:
    """What a command in a running container prints. Raises ApiError, also when the command fails or isn't there."""
    from kubernetes.stream import stream
    from kubernetes.stream.ws_client import ERROR_CHANNEL

    # A client of its own: `stream` changes it while it is under way.
    core = client.CoreV1Api(client.ApiClient(api.configuration))
    where = {"container": container, "command": command, "stdout": True, "stderr": True, "_preload_content": False}
    try:
        session = stream(core.connect_get_namespaced_pod_exec, pod, namespace, **where)
        session.run_forever(timeout=10)
        ended, said = session.read_channel(ERROR_CHANNEL), session.read_all()  # which forgets the channels
        session.close()
    except (HTTPError, client.ApiException, OSError) as error:
        raise ApiError(getattr(error, "status", None) or 0, str(getattr(error, "reason", "") or error)) from None
    if '"status":"Success"' not in ended:
        raise ApiError(0, f"{command[0]} in {namespace}/{pod}: {_message(ended) or 'has not ended'}")
    return str(said)


def _message(text: str) -> str:
    try:
        return str(json.loads(text).get("message", ""))
    except (ValueError, AttributeError):
        return text.strip()[:500]
