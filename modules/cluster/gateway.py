"""One entry point with TLS for people and their programs: Envoy Gateway, its Gateway, and who may claim which host."""

from collections.abc import Iterator
from typing import Any

from modules.cluster.route_policy import KINDS, policy
from modules.contract.api import Object
from modules.contract.checks import Check, Condition, Established, RolledOut
from modules.contract.credentials import Certificate
from modules.contract.entry import Entry
from modules.contract.lock import lock
from modules.contract.module import Module, Offer, Values
from modules.contract.team import WRITE, TeamPart, may
from modules.parts.auth_proxy import IMAGE as AUTH_PROXY
from modules.parts.leader_election import takes_lease
from modules.parts.routes import API, ENTRY_POINT, NAMESPACE, ROUTES_LABEL, parent, settings_of
from profiles.complaint import Mistake
from profiles.schema import Profile

CONTROLLER_NAMESPACE = "envoy-gateway-system"
CLASS = "cairn"
TLS_SECRET = "platform-tls"
AUTHORITY = "authority"
"""The ConfigMap with the certificate, in `ca.crt`, that clients of the entry point trust; every team has a copy."""
DEFINITIONS = ("gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants")
ENVOY_DEFINITIONS = ("envoyproxies", "clienttrafficpolicies", "backendtrafficpolicies")
_ENVOY_API = "gateway.envoyproxy.io/v1alpha1"
_CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
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


def _resources(cpu: str, memory: str, limit: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def _values(profile: Profile) -> Values:
    controller, proxy = lock().image("envoy-gateway"), lock().image("envoy")
    repository, tag = lock().repository_and_tag("envoy-gateway")
    return {
        "global": {"images": {"envoyGateway": {"image": controller}, "envoyProxy": {"image": proxy}}},
        "deployment": {
            "envoyGateway": {
                "image": {"repository": repository, "tag": tag},
                "resources": _resources("10m", "96Mi", "512Mi"),
                "readinessProbe": {"periodSeconds": 2},
            }
        },
        "certgen": {"job": {"resources": _resources("10m", "32Mi", "128Mi")}},
        # It labels proxies with their node's zone, by a webhook that every new pod binding would wait for.
        "topologyInjector": {"enabled": False},
        "config": {
            "envoyGateway": {
                "provider": {"kubernetes": {"leaderElection": {"disable": not takes_lease(profile)}}},
                # Its metrics answer everybody; nothing here reads them.
                "telemetry": {"metrics": {"prometheus": {"disable": True}}},
            }
        },
    }


def addresses(profile: Profile) -> tuple[str, ...]:
    """Where the entry point answers, as far as the profile knows: an existing cluster's cloud may give an address."""
    if profile.cluster.provider == "local":
        return tuple(settings_of(profile).addresses) or (profile.cluster.control_plane,)
    return tuple(settings_of(profile).addresses)


def _certificate(profile: Profile) -> Certificate:
    return Certificate("gateway", (f"*.{settings_of(profile).domain}",))


def authority_for(namespace: str, profile: Profile) -> list[Object]:
    """What clients in that namespace verify the entry point with; nothing where the public's authorities do."""
    if settings_of(profile).issuer:
        return []
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": AUTHORITY, "namespace": namespace},
            "data": {"ca.crt": _certificate(profile).authority},
        }
    ]


def _for_team(team: str, profile: Profile) -> TeamPart:
    return TeamPart(
        rules=(may(WRITE, API, *KINDS),),
        # What scripts outside of the cluster make the hosts of the platform and of the team from.
        access={"DOMAIN": settings_of(profile).domain},
        accounts=tuple(authority_for(team, profile)),
        callers=(CONTROLLER_NAMESPACE,),
    )


def _secret(profile: Profile) -> list[Object]:
    """The certificate, unless cert-manager makes it."""
    if settings_of(profile).issuer:
        return []
    made = _certificate(profile)
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": TLS_SECRET, "namespace": NAMESPACE},
            "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": made.certificate, "tls.key": made.private_key},
        }
    ]


def _proxy(profile: Profile) -> Object:
    small = {"name": "shutdown-manager", "resources": _resources("1m", "16Mi", "128Mi")}
    smaller = {"spec": {"template": {"spec": {"containers": [small]}}}}
    service: dict[str, Any] = {"type": "LoadBalancer"}
    if addresses(profile):
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
                        "container": {"image": lock().image("envoy"), "resources": _resources("10m", "64Mi", "512Mi")},
                        "patch": {"type": "StrategicMerge", "value": smaller},
                    },
                    "envoyService": service,
                },
            },
        },
    }


def _gateway(profile: Profile) -> list[Object]:
    settings = settings_of(profile)
    issued = {"annotations": {"cert-manager.io/cluster-issuer": settings.issuer}} if settings.issuer else {}
    kinds = [{"group": API, "kind": kind} for kind in ("HTTPRoute", "GRPCRoute")]
    allowed = {"from": "Selector", "selector": {"matchExpressions": [{"key": ROUTES_LABEL, "operator": "Exists"}]}}
    https = {
        "name": "https",
        "protocol": "HTTPS",
        "port": 443,
        "hostname": f"*.{settings.domain}",
        "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": TLS_SECRET}]},
        "allowedRoutes": {"namespaces": allowed, "kinds": kinds},
    }
    http = {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": {"namespaces": {"from": "Same"}}}
    reference = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": ENTRY_POINT, "namespace": NAMESPACE}
    fixed = [{"type": "IPAddress", "value": address} for address in addresses(profile)]
    return [
        {
            "apiVersion": f"{API}/v1",
            "kind": "GatewayClass",
            "metadata": {"name": CLASS},
            "spec": {"controllerName": _CONTROLLER, "parametersRef": reference},
        },
        {
            "apiVersion": f"{API}/v1",
            "kind": "Gateway",
            "metadata": {"name": ENTRY_POINT, "namespace": NAMESPACE, **issued},
            "spec": {
                "gatewayClassName": CLASS,
                "listeners": [http, https],
                **({"addresses": fixed} if fixed else {}),
            },
        },
        {
            "apiVersion": f"{API}/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "to-https", "namespace": NAMESPACE},
            "spec": {
                "parentRefs": [{**parent(), "sectionName": "http"}],
                "rules": [
                    {
                        "filters": [
                            {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
                        ]
                    }
                ],
            },
        },
    ]


def _traffic() -> list[Object]:
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


def _objects(profile: Profile) -> list[Object]:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    return [
        *policy(profile),
        namespace,
        *_secret(profile),
        *authority_for(NAMESPACE, profile),
        _proxy(profile),
        *_gateway(profile),
        *_traffic(),
    ]


def _entry(profile: Profile) -> Entry:
    settings = settings_of(profile)
    return Entry(
        settings.domain,
        addresses(profile),
        tuple(settings.etc_hosts.also) if settings.etc_hosts else None,
        settings.issuer,
        (AUTHORITY, NAMESPACE),
    )


def _mistakes(profile: Profile) -> Iterator[Mistake]:
    settings = profile.modules.gateway
    if settings and settings.etc_hosts and not settings.addresses and profile.cluster.provider != "local":
        yield Mistake(("modules", "gateway", "etc_hosts"), "needs an address: set modules.gateway.addresses too")


def _ready(_: Profile) -> tuple[Check, ...]:
    return (
        RolledOut(kind="Deployment", namespace=CONTROLLER_NAMESPACE, name="envoy-gateway"),
        *(Established(crd=f"{plural}.{API}") for plural in DEFINITIONS),
        *(Established(crd=f"{plural}.gateway.envoyproxy.io") for plural in ENVOY_DEFINITIONS),
        Condition(
            api_version=f"{API}/v1", resource="gateways", name=ENTRY_POINT, namespace=NAMESPACE, type="Programmed"
        ),
    )


MODULE = Module(
    name="gateway",
    summary="one entry point with TLS: hosts of the platform and of teams",
    namespace=CONTROLLER_NAMESPACE,
    pod_security="restricted",
    chart="gateway-helm",
    images=("envoy-gateway", "envoy", AUTH_PROXY),
    owns=(
        *(f"{plural}.{API}" for plural in DEFINITIONS),
        *(f"{plural}.gateway.envoyproxy.io" for plural in ENVOY_DEFINITIONS),
    ),
    offers=Offer.HOSTS,
    values=_values,
    objects=_objects,
    entry=_entry,
    mistakes=_mistakes,
    team=_for_team,
    ready=_ready,
    foreign=(Established(crd="envoyproxies.gateway.envoyproxy.io"),),
)
