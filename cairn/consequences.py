"""What a plan takes away from a running environment, and the question that comes before it."""

from dataclasses import dataclass, field, replace

from kubernetes.client import ApiClient

from cairn.at_stake import at_stake, unnamed
from cairn.cluster import RECORDED, namespaces, profile_of
from cairn.custom_objects import end, made_by_people
from cairn.environment import Environment
from cairn.errors import UserError
from cairn.losses import Losses, losses
from cairn.plan import Plan
from cairn.state import State
from catalog.directories import REPOSITORY
from installer import stakes
from modules.contract.api import ApiError, connect
from modules.contract.module import ALREADY_THERE
from profiles.errors import ProfileError
from stacks.clusters.existing import identify
from stacks.clusters.kubeconfig import portable


@dataclass(frozen=True)
class Consequences:
    """What goes for good, in names and in lines for a person; the cluster as it is before, if there is one."""

    lost: Losses = field(default_factory=Losses)
    lines: tuple[str, ...] = ()
    client: ApiClient | None = None

    def end_objects(self) -> None:
        """End what people made of modules that go, while these modules are there to let it go."""
        if self.client and self.lost.definitions and not self.lost.cluster:
            end(self.client, made_by_people(self.client, self.lost.definitions))


def consequences(environment: Environment, state: State, plan: Plan) -> Consequences:
    """Compare what the environment was last brought to with the plan, and ask the cluster what lies there."""
    if not state.outputs.get("kubeconfig"):
        return Consequences()
    client = connect(str(state.outputs["kubeconfig"]))
    lost = _lost(environment, state, plan, client)
    if not lost:
        return Consequences(client=client)
    try:
        return Consequences(lost, tuple(at_stake(client, lost)), client)
    except ApiError:
        return Consequences(lost, tuple(unnamed(lost)))


def already_there(state: State) -> frozenset[str]:
    """The modules that somebody else had installed: nothing of theirs is the environment's to lose."""
    versions = state.outputs.get("modules") or {}
    return frozenset(name for name, version in versions.items() if version == ALREADY_THERE)


def _lost(environment: Environment, state: State, plan: Plan, client: ApiClient) -> Losses:
    present = already_there(state)
    before = None
    try:
        before = profile_of(environment.name, environment.settings(), state.outputs)
        lost = losses(before, plan.profile, environment.name, present)
    except (UserError, ProfileError):  # Moved, or no longer right: the cluster knows what it has.
        lost = Losses()
    if before and plan.profile.cluster.provider == "existing" and _is_another(environment, state, plan):
        held = stakes.stakes(before, present)
        return Losses(namespaces=tuple(sorted(held.namespaces)), definitions=tuple(sorted(held.definitions)))
    if RECORDED in state.outputs:
        return lost
    # An earlier checkout's environment: its profile's file may say less by now than is there.
    try:
        unplanned = namespaces(client, environment.name, teams=True) - stakes.namespaces(plan.profile)
    except ApiError:
        return lost
    return replace(lost, namespaces=tuple(sorted({*lost.namespaces, *unplanned})))


def _is_another(environment: Environment, state: State, plan: Plan) -> bool:
    """Whether the plan's kubeconfig leads to another cluster than the one that the environment is on."""
    kept, wanted = environment.settings(), plan.settings
    if (kept.kubeconfig, kept.context) == (wanted.kubeconfig, wanted.context) or not wanted.kubeconfig:
        return False
    client = connect(portable(wanted.kubeconfig, wanted.context or None, REPOSITORY))
    return identify(client, wanted.kubeconfig) != state.outputs.get("cluster_identifier")
