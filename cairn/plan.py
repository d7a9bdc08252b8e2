"""From what a person typed to what will be brought up: environment, settings, profile. Nothing is changed here."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cairn import selection
from cairn.environment import Settings, backend_has, check_name, default_name, read_settings, settings_file
from cairn.errors import UserError
from cairn.opening import open_environment
from cairn.overrides import parse
from cairn.preflight import machine
from cairn.preflight.run import failures
from modules.validation import load
from profiles.schema import Profile


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
    told: tuple[str, ...] = ()
    """What follows from the request that the person may not have thought of."""


def settle(request: Request) -> Plan:
    """Put the request on top of what the environment keeps, and read the profile. Raises what the person must mend."""
    environment = request.name or (default_name(request.profile) if request.profile else open_environment(None).name)
    check_name(environment)
    kept = kept_settings(environment)
    overrides = on_top(kept.set, parse(request.overrides))
    settings = replace(
        kept,
        profile=portable(request.profile) if request.profile else kept.profile,
        supply=request.supply or kept.supply,
        set={key: value for key, value in overrides.items() if key not in request.unset},
        kubeconfig=str(Path(request.kubeconfig).expanduser().resolve()) if request.kubeconfig else kept.kubeconfig,
        context=request.context or kept.context,
    )
    if not settings.profile:
        raise UserError(f"environment {environment} has no profile yet", fix=f"cairn up PROFILE --name {environment}")
    settings, told = _select(settings, request)
    profile = load(settings.profile, settings.set)
    refuse_at_once(profile)
    return Plan(environment, settings, profile, (*_not_set(overrides, request.unset), *told))


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


def kept_settings(environment: str) -> Settings:
    """What the environment keeps; a checkout that doesn't have it, a fresh clone say, gets it from the backend."""
    somewhere = "PULUMI_BACKEND_URL" in os.environ or backend_has(environment)
    if not settings_file(environment).exists() and somewhere:
        open_environment(environment).find()
    return read_settings(environment)


def portable(profile: str) -> str:
    """A profile's path as the program, which runs elsewhere, will find it: a name stays, a path gets absolute."""
    return str(Path(profile).expanduser().resolve()) if _is_path(profile) else profile


def _is_path(profile: str) -> bool:
    return "/" in profile or profile.endswith((".yaml", ".yml"))


def refuse_at_once(profile: Profile) -> None:
    """What no build can mend is said before anything is built: the operating system, and root."""
    if profile.cluster.provider != "local":
        return
    checks = [machine.root(os.geteuid())] if sys.platform == "linux" else [machine.operating_system(sys.platform, {})]
    for check in failures(checks):
        raise UserError(f"{check.name}: {check.found}", fix=check.fix)
