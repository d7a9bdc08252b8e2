"""The proxies behind the entry point: Envoy's size, log and times, as Envoy Gateway's objects say them."""

from typing import Any

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.parts.routes import API, ENTRY_POINT, NAMESPACE, settings_of
from modules.parts.server import resources
from profiles.schema import Profile

_ENVOY_API = "gateway.envoyproxy.io/v1alpha1"
_STREAM_IDLE = "5m"
_CONNECTION_IDLE = "4s"
"""When the proxy closes a connection to a server over which nothing comes: before the server does.

Servers give up after 5 s (uvicorn, Node.js) or more, Envoy after an hour unless told otherwise; a request that comes
just as the server closes is lost, and answered 503.
"""

# Without queries: presigned URLs carry their signature there.
_LOGGED = {
    "time": "%START_TIME%",
    "host": "%REQ(:AUTHORITY)%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ)%",
    "status": "%RESPONSE_CODE%",
    "why": "%RESPONSE_CODE_DETAILS%",
    "milliseconds": "%DURATION%",
    "to": "%UPSTREAM_CLUSTER%",
}


def proxy(profile: Profile, *, fixed: bool) -> Object:
    """How many proxies there are, what each may use and what it logs; `fixed` is an address that the profile gives."""
    small = {"name": "shutdown-manager", "resources": resources("1m", "16Mi", "128Mi")}
    smaller = {"spec": {"template": {"spec": {"containers": [small]}}}}
    service: dict[str, Any] = {"type": "LoadBalancer"}
    if fixed:
        # The proxy may run on another node than the one whose address this is; nobody hands out ports of nodes.
        service |= {"externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": False}
    return {
        "apiVersion": _ENVOY_API,
        "kind": "EnvoyProxy",
        "metadata": {"name": ENTRY_POINT, "namespace": NAMESPACE},
        "spec": {
            "logging": {"level": {"default": "warn"}},
            "telemetry": {
                "accessLog": {
                    "settings": [
                        {
                            "format": {"type": "JSON", "json": _LOGGED},
                            "sinks": [{"type": "File", "file": {"path": "/dev/stdout"}}],
                        }
                    ]
                },
                "metrics": {"prometheus": {"disable": True}},
            },
            "provider": {
                "type": "Kubernetes",
                "kubernetes": {
                    "envoyDeployment": {
                        "replicas": settings_of(profile).replicas,
                        "container": {"image": lock().image("envoy"), "resources": resources("10m", "64Mi", "512Mi")},
                        "patch": {"type": "StrategicMerge", "value": smaller},
                    },
                    "envoyService": service,
                },
            },
        },
    }


def traffic() -> list[Object]:
    """What the proxies leave as it is, and when they give up."""
    target = [{"group": API, "kind": "Gateway", "name": ENTRY_POINT}]
    metadata = {"name": ENTRY_POINT, "namespace": NAMESPACE}
    return [
        {
            "apiVersion": _ENVOY_API,
            "kind": "ClientTrafficPolicy",
            "metadata": metadata,
            # The path is part of what S3's clients sign.
            "spec": {
                "targetRefs": target,
                "path": {"escapedSlashesAction": "KeepUnchanged", "disableMergeSlashes": True},
            },
        },
        {
            "apiVersion": _ENVOY_API,
            "kind": "BackendTrafficPolicy",
            "metadata": metadata,
            # Envoy would cut every answer off after 15 s, in the middle of a download too; a route may set its own.
            "spec": {
                "targetRefs": target,
                "timeout": {
                    "http": {
                        "requestTimeout": "0s",
                        "streamIdleTimeout": _STREAM_IDLE,
                        "connectionIdleTimeout": _CONNECTION_IDLE,
                    }
                },
            },
        },
    ]
