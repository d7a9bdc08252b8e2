"""How people reach a service from outside: a host of its own at the gateway, if the profile has one."""

from modules.contract.api import Object
from profiles.schema import Profile
from profiles.settings.cluster import Gateway

NAMESPACE = "gateway"
"""Where the entry point itself lies."""
ENTRY_POINT = "platform"
"""The Gateway's name."""
API = "gateway.networking.k8s.io"
ROUTES_LABEL = "cairn/routes"
"""Namespaces with this label may have routes; the installer and the teams put it there."""
SEPARATOR = "--"
"""Between a team's own part of a host and the team's name, which never has it: one certificate serves all hosts."""


def settings_of(profile: Profile) -> Gateway:
    """The gateway's settings; only for profiles in which it is on."""
    assert profile.modules.gateway is not None
    return profile.modules.gateway


def host(name: str, profile: Profile) -> str:
    """The host of one of the platform's own services; empty without a gateway."""
    return f"{name}.{settings_of(profile).domain}" if profile.modules.gateway else ""


def team_hosts(team: str, profile: Profile) -> str:
    """What every host of a team ends in; empty without a gateway."""
    return f"{SEPARATOR}{team}.{settings_of(profile).domain}" if profile.modules.gateway else ""


def parent() -> Object:
    """What a route names as its parent."""
    return {"group": API, "kind": "Gateway", "namespace": NAMESPACE, "name": ENTRY_POINT}


def route_for(name: str, namespace: str, service: str, port: int, profile: Profile) -> list[Object]:
    """The route from the host of that name to a service of the platform; nothing without a gateway.

    A module that serves people has it among its objects and says that it uses hosts. The request goes on as it came,
    its Host and Authorization headers included.
    """
    if profile.modules.gateway is None:
        return []
    return [
        {
            "apiVersion": f"{API}/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "parentRefs": [parent()],
                "hostnames": [host(name, profile)],
                "rules": [{"backendRefs": [{"name": service, "port": port}]}],
            },
        }
    ]
