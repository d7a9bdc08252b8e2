"""From what a person typed to what will be brought up: environment, settings, profile. Nothing is changed here."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cairn import selection
from cairn.environment import backend_has, check_name, default_name, left_over
from cairn.errors import UserError
from cairn.opening import open_environment
from cairn.overrides import parse
from cairn.preflight import machine
from cairn.preflight.run import failures
from cairn.profile_file import portable, refuse_moved
from cairn.settings import Kept, Settings, settings_file
from modules.validation import load
from profiles.schema import Profile
from stacks.clusters.kubeconfig import paths


@dataclass(frozen=True)
class Request:
    """The words of `cairn up` and `cairn preview`; empty ones mean what is kept."""

    profile: str | None
    name: str | None
    overrides: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    supply: str = ""
    kubeconfig: str = ""
    context: str = ""


@dataclass(frozen=True)
class Plan:
    """What to bring up."""

    environment: str
    settings: Settings
    profile: Profile
    again: str = ""
    """The command that asks for the same."""
    told: tuple[str, ...] = ()
    """What follows from the request that the person may not have thought of."""


def settle(request: Request) -> Plan:
    """Put the request on top of what the environment keeps, and read the profile. Raises what the person must mend."""
    environment = request.name or (default_name(request.profile) if request.profile else open_environment(None).name)
    check_name(environment)
    found = kept_settings(environment)
    kept = found.settings
    overrides = on_top(kept.set, parse(request.overrides))
    settings = replace(
        kept,
        profile=portable(request.profile) if request.profile else kept.profile,
        supply=request.supply or kept.supply,
        set={key: value for key, value in overrides.items() if key not in request.unset},
        kubeconfig=os.pathsep.join(map(str, paths(request.kubeconfig, Path.cwd()))) or kept.kubeconfig,
        context=request.context or kept.context,
    )
    if not settings.profile:
        raise UserError(f"environment {environment} has no profile yet", fix=f"cairn up PROFILE --name {environment}")
    if not request.profile:
        refuse_moved(environment, settings.profile)
    settings, told = _select(settings, request)
    profile = load(settings.profile, settings.set)
    refuse_at_once(profile)
    told = (*found.told, *_not_set(overrides, request.unset), *told)
    return Plan(environment, settings, profile, again(environment, request), told)


def again(environment: str, request: Request) -> str:
    """`cairn up` with the same words."""
    several = {
        "set": request.overrides,
        "unset": request.unset,
        "only": request.only,
        "without": request.without,
        "supply": (request.supply,),
        "kubeconfig": (request.kubeconfig,),
        "context": (request.context,),
    }
    options = (word for name, words in several.items() for value in words if value for word in (f"--{name}", value))
    return shlex.join(["cairn", "up", *([request.profile] if request.profile else []), "--name", environment, *options])


def wanted(
    profile: str | None, name: str | None, overrides: Mapping[str, object], kubeconfig: str = "", context: str = ""
) -> tuple[str, Settings, Profile]:
    """What `cairn preflight` looks at: the environment's name, and what it keeps with these words on top.

    Without a name it is the profile alone, as it would be brought up anew.
    """
    environment = name or default_name(profile or "laptop")
    check_name(environment)
    kept = kept_settings(environment).settings if name else Settings()
    if name and not (profile or kept.profile):
        raise UserError(f"environment {name} keeps no profile", fix=f"cairn preflight PROFILE --name {name}")
    settings = replace(
        kept,
        profile=profile or kept.profile or "laptop",
        set=kept.set | dict(overrides),
        kubeconfig=kubeconfig or kept.kubeconfig,
        context=context or kept.context,
    )
    return environment, settings, load(settings.profile, settings.set)


def _not_set(overrides: Mapping[str, object], unset: tuple[str, ...]) -> list[str]:
    """A line for each key that is to be forgotten and isn't there: mistyped, or forgotten before."""
    there = ", ".join(overrides) or "none"
    return [f"--unset {key}: there is no such override; there are: {there}" for key in unset if key not in overrides]


def _select(settings: Settings, request: Request) -> tuple[Settings, tuple[str, ...]]:
    """The settings with `--only` and `--without` among their overrides, and what else is off because of them."""
    if not request.only and not request.without:
        return settings, ()
    kept = settings.set
    if request.only:
        kept = {key: value for key, value in kept.items() if not selection.is_selection(key, value)}
    profile = load(settings.profile, kept)
    off = selection.modules_off(profile, request.only, request.without)
    told = () if request.only else tuple(selection.told(off))
    return replace(settings, set=on_top(kept, selection.overrides(profile, off))), told


def on_top(kept: Mapping[str, object], said: Mapping[str, object]) -> dict[str, object]:
    """Overrides in the order in which they count: what is said again comes last, whatever was kept of it."""
    return {key: value for key, value in kept.items() if key not in said} | dict(said)


def is_known(environment: str) -> bool:
    """Whether there may be such an environment, so that it is worth asking `pulumi`, which may have to be built."""
    return "PULUMI_BACKEND_URL" in os.environ or backend_has(environment)


def kept_settings(environment: str) -> Kept:
    """What the environment keeps, by its backend's record; nothing of one that isn't there."""
    if is_known(environment):
        return open_environment(environment).kept()
    return left_over(settings_file(environment))


def refuse_at_once(profile: Profile) -> None:
    """What no build can mend is said before anything is built: the operating system, and root."""
    if profile.cluster.provider != "local":
        return
    checks = [machine.root(os.geteuid())] if sys.platform == "linux" else [machine.operating_system(sys.platform, {})]
    for check in failures(checks):
        raise UserError(f"{check.name}: {check.found}", fix=check.fix)
