"""The contract of a module: data plus pure functions; `installer.install` makes the effects."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubernetes.client import ApiClient

from modules.contract.api import Object
from modules.contract.checks import Check, Condition, Done, Exists
from modules.contract.entry import Entry
from modules.contract.names import NameRule
from modules.contract.team import Forgetting, TeamPart
from profiles.complaint import Mistake
from profiles.schema import Profile

ALREADY_THERE = "already there"
"""The version of a module, in a stack's output, that somebody else had installed before Cairn came."""
Values = dict[str, Any]
"""What a Helm chart is set to."""


def _no_values(_: Profile) -> Values:
    return {}


def _no_objects(_: Profile) -> list[Object]:
    return []


def _as_it_is(found: Object, _: Profile) -> Object | None:
    return found


def _no_checks(_: Profile) -> tuple[Check, ...]:
    return ()


def _no_mistakes(_: Profile) -> Iterable[Mistake]:
    return ()


def _no_names(_: Profile) -> tuple[NameRule, ...]:
    return ()


def _no_registries(_: Profile) -> Mapping[str, str]:
    return {}


def _no_notes(_: ApiClient) -> tuple[str, ...]:
    return ()


def _no_part(_team: str, _: Profile) -> TeamPart:
    return TeamPart()


def _no_entry(_: Profile) -> Entry | None:
    return None


def _forgets_nothing(_: Profile) -> Forgetting | None:
    return None


class Offer(StrEnum):
    """What one module gives to all others, whichever it is."""

    VOLUMES = "volumes"
    """Volumes for claims that name no class."""
    HOSTS = "hosts"
    """Hosts at the entry point, for routes."""


@dataclass(frozen=True)
class Queued:
    """A kind of work that waits in a team's queue, as the framework that Kueue calls it by."""

    framework: str
    """Kueue's name of it, such as `ray.io/rayjob`."""
    looked_for_once: bool = False
    """Whether Kueue looks for its definition only when it starts, so that the module must come before Kueue."""


@dataclass(frozen=True)
class RemoteChart:
    """A chart that only its own repository has: the catalog holds what can be built from package registries too."""

    name: str
    repository: str
    version: str


@dataclass(frozen=True)
class Module:
    """One component of the platform.

    The installer makes, in this order: the namespace; the chart or the manifest, and the objects; a gate that waits
    until `ready` holds; then the objects of kinds that the module itself `owns`, since only now is there somebody to
    admit them, and a second gate where `ready` says something of these. What requires the module comes after all of
    that, and everything is deleted the other way round.
    """

    name: str
    """The module's key in a profile, its file here, its smoke test and its docs page."""
    summary: str
    """What it gives to the people who use the platform, in one line."""
    namespace: str | None = None
    """Where it runs; None if it runs nothing."""
    pod_security: str = "baseline"
    """The Pod Security level that the namespace enforces."""
    chart: str | None = None
    """The catalog's name of its Helm chart."""
    remote_chart: RemoteChart | None = None
    """Its Helm chart, where the catalog can't have it."""
    manifest: str | None = None
    """The catalog's name of its rendered manifest, for what has no chart."""
    images: tuple[str, ...] = ()
    """The catalog's names of the images that it runs."""
    requires: tuple[str, ...] = ()
    """Modules that must be ready before anything of this one is made."""
    offers: Offer | None = None
    """What it gives to every module that `uses` it."""
    uses: tuple[Offer, ...] = ()
    """What its objects need of whichever module offers it, if one does."""
    after: tuple[str, ...] = ()
    """Modules whose controllers clean up what is made here: they are made before and deleted after it.

    The registry fills it in, from what they offer; a module that looks at others says it in `fitted`.
    """
    owns: tuple[str, ...] = ()
    """Custom resources that it brings, as the names of their definitions (`PLURAL.GROUP`)."""
    values: Callable[[Profile], Values] = _no_values
    """The chart's values."""
    objects: Callable[[Profile], list[Object]] = _no_objects
    """Further objects to make."""
    patch: Callable[[Object, Profile], Object | None] = _as_it_is
    """Changes one object of the manifest, or drops it (None)."""
    ready: Callable[[Profile], tuple[Check, ...]] = _no_checks
    """How to tell that it serves."""
    entry: Callable[[Profile], Entry | None] = _no_entry
    """Where people come in, if it is this module that lets them in."""
    team: Callable[[str, Profile], TeamPart] = _no_part
    """What it gives to a team."""
    readable: tuple[Object, ...] = ()
    """What every member may see of its kinds that belong to no namespace, as rules of an RBAC ClusterRole."""
    forgets: Callable[[Profile], Forgetting | None] = _forgets_nothing
    """How its server is made to forget teams that are gone, where it keeps something of them."""
    registries: Callable[[Profile], Mapping[str, str]] = _no_registries
    """What local nodes pull from it: the host in images' names, and the URL, with /v2, that serves these to nodes."""
    queued: tuple[Queued, ...] = ()
    """Which of its kinds wait in a queue."""
    devices: bool = False
    """Whether what it runs may hold accelerators, so that what is shown of it says SIMULATED or REAL."""
    fitted: "Callable[[Profile, Sequence[Module]], Module] | None" = None
    """The module as the profile and the modules that are on make it, where it stands on what others say."""
    foreign: tuple[Check, ...] = ()
    """If any of these holds on a cluster before Cairn came, somebody has installed this already."""
    notes: Callable[[ApiClient], tuple[str, ...]] = _no_notes
    """What `cairn status` says about it besides being ready; asks the cluster where it must."""
    mistakes: Callable[[Profile], Iterable[Mistake]] = _no_mistakes
    """What of a profile that turns it on can't be done, whatever is said elsewhere."""
    names: Callable[[Profile], tuple[NameRule, ...]] = _no_names
    """Which names of teams its server takes; that its namespace is no team's needs no rule."""
    ready_seconds: int = 300
    """How long its gate waits."""

    @property
    def release(self) -> str | None:
        """The Helm release's name, which is the chart's or the manifest's; None if it installs nothing."""
        return self.remote_chart.name if self.remote_chart else self.chart or self.manifest

    def items(self) -> tuple[str, ...]:
        """All that it needs of the catalog, as `kind/name`."""
        kinds = {"charts": (self.chart,), "manifests": (self.manifest,), "images": self.images}
        return tuple(f"{kind}/{name}" for kind, names in kinds.items() for name in names if name)

    def owns_object(self, made: Object) -> bool:
        """Whether an object is a custom resource that this module brings."""
        group = made["apiVersion"].partition("/")[0]
        return any(definition.partition(".")[2] == group for definition in self.owns)

    def checks(self, profile: Profile) -> tuple[Check, ...]:
        """How to tell that it serves whom it is made for: `ready`, and that every account's job has ended well."""
        jobs = (made["metadata"] for made in self.objects(profile) if made["kind"] == "Job")
        return (*self.ready(profile), *(Done(namespace=job["namespace"], name=job["name"]) for job in jobs))

    def gates(self, profile: Profile) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
        """What must hold before the module's own objects are made, and what can hold only afterwards."""
        checks = self.checks(profile)
        of_own = tuple(check for check in checks if self.owns_check(check))
        return tuple(check for check in checks if check not in of_own), of_own

    def owns_check(self, check: Check) -> bool:
        """Whether a check looks at such a custom resource, and so can't hold before that is made."""
        if not isinstance(check, Condition | Exists):
            return False
        return f"{check.resource}.{check.api_version.partition('/')[0]}" in self.owns
