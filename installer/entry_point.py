"""What a person is told of the entry point, and what names this machine may be given for it."""

from dataclasses import dataclass

from modules.cluster.gateway import addresses
from modules.parts.routes import settings_of
from modules.registry import enabled
from profiles.schema import Profile


@dataclass(frozen=True)
class EntryPoint:
    """Where the gateway answers, as far as the profile says, and the hosts of the platform's own routes."""

    domain: str
    addresses: tuple[str, ...]
    hosts: tuple[str, ...]


def entry_point(profile: Profile) -> EntryPoint | None:
    """The profile's entry point; None if it has no gateway."""
    if profile.modules.gateway is None:
        return None
    made = [each for module in enabled(profile) for each in module.objects(profile)]
    routes = [each for each in made if each["kind"] in ("HTTPRoute", "GRPCRoute")]
    hosts = {host for route in routes for host in route["spec"].get("hostnames", [])}
    return EntryPoint(settings_of(profile).domain, addresses(profile), tuple(sorted(hosts)))


def names(profile: Profile) -> tuple[str, ...]:
    """The hosts that this machine's /etc/hosts is to have, by the profile; none unless it asks for that."""
    entry, settings = entry_point(profile), profile.modules.gateway
    if entry is None or settings is None or settings.etc_hosts is None:
        return ()
    return (*entry.hosts, *(f"{name}.{entry.domain}" for name in settings.etc_hosts.also))
