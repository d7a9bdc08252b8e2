"""Which modules there are, and which of them a profile turns on."""

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import TopologicalSorter

import modules
from catalog.items import without
from modules.contract.entry import Entry
from modules.contract.lock import lock
from modules.contract.module import Module
from modules.contract.team import TeamPart, together
from profiles.schema import Profile

ROOMS = ("cluster", "compute", "data", "models", "people")
"""The rooms of modules/, in the order in which what they hold is built up."""


@functools.cache
def all_modules() -> dict[str, Module]:
    """Every module by name, those that others require first: each file of a room that has a `MODULE`."""
    return {module.name: module for module in _in_order(_found())}


def closure(names: Iterable[str], requires: Mapping[str, Iterable[str]]) -> set[str]:
    """The names, and all that they require in turn."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += requires[name]
    return found


def enabled(profile: Profile) -> list[Module]:
    """The modules that the profile turns on, fitted to it and to each other, in the order in which they are made.

    Teams are on when the profile has any.
    """
    names = {*profile.modules.on(), *(["teams"] if profile.teams else [])}
    on = [module for module in all_modules().values() if module.name in names]
    fitted = [
        module.fitted(profile, [other for other in on if other is not module]) if module.fitted else module
        for module in on
    ]
    return list(_in_order(_after_offers(fitted)))


def team_part(team: str, profile: Profile) -> TeamPart:
    """All that the modules of a profile give to a team."""
    return together(module.team(team, profile) for module in enabled(profile))


def entry_of(profile: Profile) -> Entry | None:
    """Where people enter the platform; None if no module of the profile lets them in."""
    return next((entry for module in enabled(profile) if (entry := module.entry(profile))), None)


def node_registries(profile: Profile) -> dict[str, str]:
    """What local nodes pull from the platform itself: hosts in images' names, and the URLs that serve these instead."""
    return {host: url for module in enabled(profile) for host, url in module.registries(profile).items()}


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


def _found() -> Iterator[Module]:
    for room in ROOMS:
        package = importlib.import_module(f"{modules.__name__}.{room}")
        for file in pkgutil.iter_modules(package.__path__):
            module = getattr(importlib.import_module(f"{package.__name__}.{file.name}"), "MODULE", None)
            if module is not None:
                yield module


def _after_offers(on: Iterable[Module]) -> list[Module]:
    offering = {module.offers: module.name for module in on if module.offers}
    return [
        replace(module, after=(*module.after, *(offering[offer] for offer in module.uses if offer in offering)))
        for module in on
    ]


def _in_order(found: Iterable[Module]) -> Iterator[Module]:
    by_name = {module.name: module for module in found}
    needs = {name: [*module.requires, *module.after] for name, module in by_name.items()}
    for name in TopologicalSorter(needs).static_order():
        if name in by_name:
            yield by_name[name]
