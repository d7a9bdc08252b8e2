"""Where the platform is entered from outside, as the module that lets people in says it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """The entry point."""

    domain: str
    """The platform's hosts are NAME.DOMAIN, a team's NAME--TEAM.DOMAIN."""
    addresses: tuple[str, ...] = ()
    """Where it answers, as far as the profile says."""
    etc_hosts: tuple[str, ...] | None = None
    """Names below the domain for this machine's /etc/hosts, besides the platform's own; None for no line at all."""
    signed_by: str = ""
    """Who signs its certificate, if not the environment's own authority."""
    authority: tuple[str, str] = ("", "")
    """The ConfigMap, by name and namespace, whose `ca.crt` clients trust."""
