"""One entry point with TLS for people and their programs: Envoy Gateway, its Gateway, and who may claim which host."""

from collections.abc import Iterator

from modules.cluster.envoy import proxy, traffic
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
from modules.parts.server import resources
from profiles.complaint import Mistake
from profiles.schema import Profile

CONTROLLER_NAMESPACE = "envoy-gateway-system"
CLASS = "cairn"
TLS_SECRET = "platform-tls"
AUTHORITY = "authority"
"""The ConfigMap with the certificate, in `ca.crt`, that clients of the entry point trust; every team has a copy."""
DEFINITIONS = ("gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants")
ENVOY_DEFINITIONS = ("envoyproxies", "clienttrafficpolicies", "backendtrafficpolicies")
_CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"


def _values(profile: Profile) -> Values:
    images = {"envoyGateway": lock().image("envoy-gateway"), "envoyProxy": lock().image("envoy")}
    repository, tag = lock().repository_and_tag("envoy-gateway")
    return {
        "global": {"images": {name: {"image": image} for name, image in images.items()}},
        "deployment": {
            "envoyGateway": {
                "image": {"repository": repository, "tag": tag},
                "resources": resources("10m", "96Mi", "512Mi"),
                "readinessProbe": {"periodSeconds": 2},
            }
        },
        "certgen": {"job": {"resources": resources("10m", "32Mi", "128Mi")}},
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


def _objects(profile: Profile) -> list[Object]:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    return [
        *policy(profile),
        namespace,
        *_secret(profile),
        *authority_for(NAMESPACE, profile),
        proxy(profile, fixed=bool(addresses(profile))),
        *_gateway(profile),
        *traffic(),
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
