"""What is never behind a proxy: this machine's loopback, and an environment's own addresses and names.

A proxy on the way to the internet knows no way to a bridge of this machine. Go's programs (pulumi, its plug-ins,
helm, kubectl) read ranges in NO_PROXY; Python's clients compare names and addresses only, so the few addresses that
they ask are there one by one too.
"""

import json
import os
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from urllib.parse import urlsplit

from cairn.errors import UserError
from cairn.preflight.check import Check, passed, warned
from cairn.settings import read
from catalog.directories import REPOSITORY, environment_root
from hosts.local.plan import Network
from modules.registry import entry_of
from profiles.errors import ProfileError
from profiles.load import load
from profiles.schema import Profile

LOOPBACK = ("localhost", "127.0.0.1", "127.0.0.0/8", "::1")
NAMES = ("NO_PROXY", "no_proxy")
"""Both are set, to the same: some programs read the one, some the other."""
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def own(profile: Profile) -> list[str]:
    """What an environment of this profile has of its own. An existing cluster's addresses are its owner's to name."""
    found = []
    if profile.cluster.provider == "local":
        cluster = profile.cluster
        network = Network("any", cluster.address_range, cluster.service_range)
        workers = [network.worker(index) for index in range(1, min(cluster.workers, 8) + 1)]
        ranges = [cluster.address_range, cluster.pod_range, cluster.service_range]
        found += [*ranges, network.machine, network.registry, network.control_plane, *workers]
    if entry := entry_of(profile):
        found += [entry.domain, f".{entry.domain}", *entry.addresses]
    return found


def known() -> list[str]:
    """What the environments of this checkout and this machine have of their own, and one of the defaults would."""
    found = own(load("laptop"))
    for file in REPOSITORY.glob("Pulumi.*.yaml"):
        with suppress(ProfileError, UserError):
            settings = read(file)
            found += own(load(settings.profile, settings.set, REPOSITORY)) if settings.profile else []
    for record in environment_root("*").parent.glob("*/network.json"):
        network = Network(**json.loads(record.read_text()))
        found += [network.address_range, network.service_range, network.registry, network.control_plane]
    return found


def past(current: Mapping[str, str], further: Iterable[str]) -> dict[str, str]:
    """NO_PROXY and no_proxy with what is in either, loopback, and `further`, each once and in that order."""
    kept = [entry.strip() for name in NAMES for entry in current.get(name, "").split(",") if entry.strip()]
    text = ",".join(dict.fromkeys([*kept, *LOOPBACK, *further]))
    return dict.fromkeys(NAMES, text)


def pass_by(profile: Profile, variables: MutableMapping[str, str] = os.environ) -> None:
    """Let this process, and each that it starts from now on, reach the environment without a proxy."""
    variables.update(past(variables, own(profile)))


def named(current: Mapping[str, str]) -> dict[str, str]:
    """The proxies that the shell names, without the passwords that may stand in them."""
    return {name: _without_password(current[name]) for name in PROXIES if current.get(name)}


def look(profile: Profile, current: Mapping[str, str]) -> list[Check]:
    """A line of preflight, for a shell that names a proxy."""
    shown = ", ".join(f"{name}={value}" for name, value in named(current).items())
    if not shown:
        return []
    if profile.cluster.provider == "local":
        return [passed("proxy", f"{shown}; what is the environment's own passes it by: {', '.join(own(profile)[:3])}")]
    return [
        warned(
            "proxy",
            f"{shown}; the cluster is asked through it",
            "if the cluster is to be reached without: export NO_PROXY=its address, as kubectl has it",
        )
    ]


def _without_password(proxy: str) -> str:
    return proxy.replace(f"{urlsplit(proxy).netloc.rpartition('@')[0]}@", "", 1) if "@" in proxy else proxy
