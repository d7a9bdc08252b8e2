"""Which modules there are, and which of them a profile turns on."""

from modules import accelerators, metrics, queueing, ray, storage, teams
from modules.module import Module
from profiles.schema import Profile

_MODULES = (storage, metrics, accelerators, queueing, ray, teams)


def all_modules() -> dict[str, Module]:
    """Every module by name, those that others require first."""
    return {each.MODULE.name: each.MODULE for each in _MODULES}


def enabled(profile: Profile) -> list[Module]:
    """The modules that the profile turns on, in dependency order; teams are on when the profile has any."""
    on = {*profile.modules.on(), *(["teams"] if profile.teams else [])}
    modules = all_modules() | {"accelerators": accelerators.for_profile(profile)}
    return [module for name, module in modules.items() if name in on]
