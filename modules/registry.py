"""Which modules there are, and which of them a profile turns on."""

from catalog.items import without
from modules import (
    accelerators,
    database,
    features,
    gateway,
    jobset,
    metrics,
    object_store,
    online_store,
    queueing,
    ray,
    serving,
    storage,
    teams,
    tracking,
    training,
)
from modules.lock import lock
from modules.module import Module
from profiles.schema import Profile

_MODULES = (
    storage,
    metrics,
    gateway,
    accelerators,
    jobset,
    training,
    queueing,
    ray,
    object_store,
    database,
    online_store,
    tracking,
    features,
    serving,
    teams,
)


def all_modules() -> dict[str, Module]:
    """Every module by name, those that others require first."""
    return {each.MODULE.name: each.MODULE for each in _MODULES}


def enabled(profile: Profile) -> list[Module]:
    """The modules that the profile turns on, in dependency order; teams are on when the profile has any."""
    on = {*profile.modules.on(), *(["teams"] if profile.teams else [])}
    modules = all_modules() | {"accelerators": accelerators.for_profile(profile)}
    return [module for name, module in modules.items() if name in on]


def catalog_items(profile: Profile) -> list[str]:
    """What a cluster of Cairn's own needs of the catalog: all but what only modules that are off install."""
    on = {item for module in enabled(profile) for item in module.items()}
    known = {item for module in all_modules().values() for item in module.items()}
    return without(lock(), known - on)


def own_images(profile: Profile) -> list[str]:
    """The images of the profile's modules that nobody publishes: a cluster has them only if somebody brings them."""
    items = {item for module in enabled(profile) for item in module.items()}
    return [name for name, image in lock().images.items() if image.own and f"images/{name}" in items]


def installed_from_here(profile: Profile) -> list[str]:
    """What the program itself reads of the catalog: the charts and manifests of the modules that are on."""
    items = [item for module in enabled(profile) for item in module.items()]
    return [item for item in items if not item.startswith("images/")]
