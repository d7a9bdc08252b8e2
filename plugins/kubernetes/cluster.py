"""Calls to one API server: one pool of connections shared by all threads, JSON in and out, errors as exceptions."""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

from plugins.kubernetes import kubeconfig as kubeconfigs
from plugins.kubernetes.errors import ApiError, Object, ProviderError, UnreachableError
from plugins.kubernetes.kubeconfig import Kubeconfig

# Every call is short: waits poll. (connect, read), in seconds.
TIMEOUT = (5.0, 60.0)
CONNECTIONS = 64
# After a server did not answer, calls fail at once for so long: else each of many resources would wait for it in turn.
REST = 3.0


class Cluster:
    """One API server, connected to at the first call: a run that changes nothing needs no connection."""

    def __init__(self, kubeconfig: Kubeconfig, warn: Callable[[str], None] = lambda _: None) -> None:
        self.kubeconfig = kubeconfig
        self._warn = warn
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._has_answered = False
        self._unreachable: tuple[float, UnreachableError] | None = None

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | None] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Object:
        """One call; query parameters that are None are left out.

        :raises ApiError: the API server refused.
        :raises UnreachableError: no answer.
        """
        urllib3, pool, host, headers = self._connection
        if self._unreachable and time.monotonic() < self._unreachable[0]:
            raise self._unreachable[1]
        parameters = {key: value for key, value in (query or {}).items() if value is not None}
        url = f"{host}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        try:
            response = pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers={**headers(), "Accept": accept, "Content-Type": content_type},
                timeout=urllib3.Timeout(connect=TIMEOUT[0], read=TIMEOUT[1]),
                retries=urllib3.Retry(
                    connect=1, read=1, other=0, status=3, status_forcelist=(429,), redirect=2,
                    allowed_methods=None, backoff_factor=0.2, raise_on_status=False,
                ),
            )  # fmt: skip
        except urllib3.exceptions.HTTPError as error:
            message = f"the Kubernetes API server at {host} can't be reached: {_cause(error)}"
            self._unreachable = (time.monotonic() + REST, UnreachableError(message, self._has_answered))
            raise self._unreachable[1] from None
        self._has_answered, self._unreachable = True, None
        self._pass_warnings(response.headers.getlist("Warning"))
        answer = _parse(response.data)
        if response.status >= 400:
            raise ApiError(response.status, answer)
        return answer

    @cached_property
    def version(self) -> str:
        """The API server's version, like `v1.36.3`."""
        return str(self.request("GET", "/version")["gitVersion"])

    @property
    def _connection(self) -> tuple[Any, Any, str, Callable[[], dict[str, str]]]:
        with self._lock:
            return self._connected

    @cached_property
    def _connected(self) -> tuple[Any, Any, str, Callable[[], dict[str, str]]]:
        # Half a second to import, so only when there is something to ask.
        import urllib3
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException, load_kube_config_from_dict

        content, self._files = kubeconfigs.for_client(self.kubeconfig)
        configuration = Configuration()
        try:
            load_kube_config_from_dict(content, client_configuration=configuration, persist_config=False)
        except ConfigException as error:
            raise ProviderError(f"the kubeconfig can't be used: {error}") from None
        configuration.connection_pool_maxsize = CONNECTIONS
        client = ApiClient(configuration)
        # The default pool opens connections beyond its size and drops them; all requests go to one host.
        pool = client.rest_client.pool_manager

        def headers() -> dict[str, str]:
            result: dict[str, str] = {}
            settings = configuration.auth_settings()
            client.update_params_for_auth(result, [], list(settings), "", "", None)
            return result

        return urllib3, pool, str(configuration.host).rstrip("/"), headers

    def _pass_warnings(self, warnings: list[str]) -> None:
        for warning in warnings:
            # A header is `299 - "text"`, see RFC 7234.
            text = warning.split('"')[1] if '"' in warning else warning
            if text not in self._warned:
                self._warned.add(text)
                self._warn(text)


def _parse(data: bytes) -> Object:
    try:
        answer = json.loads(data) if data else {}
    except ValueError:
        return {"message": data.decode(errors="replace").strip()}
    return cast(Object, answer) if isinstance(answer, dict) else {"message": str(answer)}


def _cause(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    # urllib3 puts the connection's representation in front of its words.
    return _cause(reason) if isinstance(reason, BaseException) else re.sub(r"^(<.*?>|\w+\(.*?\)): ", "", str(error))
