"""What of a profile holds data or work that nobody can make again: what is asked for before it goes."""

from dataclasses import dataclass

from modules.contract.api import Object
from modules.contract.team import TEAM_LABEL
from modules.registry import enabled
from profiles.schema import Profile


@dataclass(frozen=True)
class Stakes:
    """By name: namespaces with data or people's work in them, and definitions of what people make."""

    namespaces: frozenset[str] = frozenset()
    definitions: frozenset[str] = frozenset()


def stakes(profile: Profile, present: frozenset[str] = frozenset()) -> Stakes:
    """The teams' namespaces, those of servers with volumes, and the custom resources that modules own. Pure.

    Modules that are `present`, installed by somebody else, have nothing at stake here.
    """
    found: set[str] = set()
    modules = [module for module in enabled(profile) if module.name not in present]
    for module in modules:
        for made in module.objects(profile):
            if is_teams(made):
                found.add(made["metadata"]["name"])
            elif has_volumes(made):
                found.add(made["metadata"]["namespace"])
    return Stakes(frozenset(found), frozenset(name for module in modules for name in module.owns))


def namespaces(profile: Profile) -> frozenset[str]:
    """Every namespace that the profile has."""
    modules = enabled(profile)
    made = (each for module in modules for each in module.objects(profile) if each["kind"] == "Namespace")
    return frozenset(
        {each["metadata"]["name"] for each in made} | {each.namespace for each in modules if each.namespace}
    )


def is_teams(made: Object) -> bool:
    """Whether this is a team's namespace."""
    return made["kind"] == "Namespace" and TEAM_LABEL in made["metadata"].get("labels", {})


def has_volumes(made: Object) -> bool:
    """Whether this keeps data on volumes."""
    return made["kind"] == "PersistentVolumeClaim" or bool(made.get("spec", {}).get("volumeClaimTemplates"))
