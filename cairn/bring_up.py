"""The steps of `cairn up` and `cairn preview`, each timed: preflight, catalog, Pulumi."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from pulumi.automation.errors import CommandError

from cairn.consequences import Consequences, consequences
from cairn.console import err, say
from cairn.cut_off import let_go
from cairn.display import show
from cairn.drift import Drift, drift
from cairn.engine import EngineStack
from cairn.environment import Environment, passing
from cairn.errors import UserError
from cairn.failure import failed
from cairn.half_gone import refuse
from cairn.lock import environment_lock
from cairn.losses import consent
from cairn.opening import open_environment
from cairn.parts import parts
from cairn.plan import Plan, is_known
from cairn.preflight.check import Status
from cairn.preflight.run import failures, run
from cairn.preflight.shown import table
from cairn.progress import Progress
from cairn.proxies import pass_by
from cairn.recovery import clear_backend_lock, forget_pending
from cairn.state import State, state_of
from cairn.supplying import report
from cairn.tools import link_programs, prepare, stand_ins_in_use
from catalog.build import provide
from catalog.supply import Supply, resolve
from modules.registry import catalog_items, enabled, installed_from_here, own_images
from profiles.schema import Profile


@dataclass
class Outcome:
    """What a run did: for the summary and for `--json`."""

    plan: Plan
    supply: Supply
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    drift: Drift = field(default_factory=Drift)
    """What was changed on the cluster behind Pulumi's back."""
    deletes: tuple[str, ...] = ()
    """What goes for good, with what runs and lies there, line by line."""

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Time one step of the run."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[step] = round(time.monotonic() - start, 1)


def bring_up(plan: Plan, preview: bool = False, yes: bool = False, anew: tuple[str, ...] = ()) -> Outcome:
    """Bring the environment to what the plan says, or only show what that would change.

    What that deletes for good is named, and asked for unless `yes` was said. The resources with the URNs `anew` are
    made once more, whether or not anything about them has changed.
    """
    supply, why = resolve(plan.settings.supply)
    if plan.settings.supply == "auto":
        say(f"supply: {supply} ({why})" + ("" if preview else "; kept for this environment, --supply changes it"))
    for line in plan.told:
        say(line)
    _refuse_own_images(plan.profile, supply)
    plan = replace(plan, settings=replace(plan.settings, supply=str(supply)))
    pass_by(plan.profile)
    progress = Progress(time.monotonic)
    progress.expect(*parts(plan.profile))
    outcome = Outcome(plan, supply, progress)
    verb = "preview" if preview else "up"
    with environment_lock(plan.environment, f"{verb} --name {plan.environment}", reading=preview) as lock:
        refuse(plan.environment)
        known = open_environment(plan.environment) if is_known(plan.environment) else None
        state = state_of(known) if known else State()
        found = consequences(known, state, plan) if known else Consequences()
        outcome.drift = drift(plan.environment, state.resources, state.outputs.get("kubeconfig"))
        for line in outcome.drift.told:
            say(f"{line}: {'`up` sets it right' if preview else 'it is set right'}")
        outcome.deletes = found.lines
        if found.lines and not preview:
            consent(plan.environment, found.lines, yes, plan.again)
        with outcome.timed("preflight"):
            _preflight(plan, supply)
        with outcome.timed("catalog"), report() as tell:
            prepare(supply, tell)
            provide(items(plan), supply, tell)
            link_programs()
        if in_use := stand_ins_in_use():
            say(f"Pulumi's own plug-ins can't be had here; stand-ins do their work: {', '.join(in_use)}")
        environment = Environment(plan.environment, lock.note_session)
        with outcome.timed("pulumi"):
            if preview:
                lock.forget = not _preview(environment, outcome, lock.note_session)
            else:
                _up(environment, outcome, found, state, anew)
    return outcome


def _refuse_own_images(profile: Profile, supply: Supply) -> None:
    """Raises UserError where nodes would pull what is published nowhere.

    Who says supply `source` of a cluster that isn't ours says that its nodes have a registry with all images.
    """
    if profile.cluster.provider == "local" or supply is Supply.SOURCE:
        return
    if images := own_images(profile):
        using = [m.name for m in enabled(profile) if set(m.items()) & {f"images/{name}" for name in images}]
        raise UserError(
            f"nobody publishes {', '.join(images)}: nodes that aren't Cairn's own can't pull them",
            where=f"modules {', '.join(using)}",
            fix=f"leave them out: --without {','.join(using)}; or, where the nodes have a registry that holds "
            "every image of the catalog under its name: --supply source",
        )


def items(plan: Plan) -> list[str]:
    """What must be provided: what nodes of our own need too, else charts and manifests alone."""
    local = plan.profile.cluster.provider == "local"
    return catalog_items(plan.profile) if local else installed_from_here(plan.profile)


def _preflight(plan: Plan, supply: Supply) -> None:
    checks = run(plan.profile, plan.environment, supply, plan.settings.kubeconfig, plan.settings.context)
    notable = [check for check in checks if check.status is not Status.PASS]
    if notable:
        err.print(table(notable))
    if failures(checks):
        raise UserError(
            f"this machine is not fit for the profile {plan.settings.profile}",
            where=", ".join(check.name for check in failures(checks)),
            fix=f"what the lines above say, then: cairn preflight {plan.settings.profile}",
        )


def _up(environment: Environment, outcome: Outcome, found: Consequences, state: State, anew: tuple[str, ...]) -> None:
    stack = environment.make_stack()
    # Only where something goes: what Cairn has not foreseen is still protected by Pulumi.
    stack.ignores_protection = bool(found.lost)
    clear_backend_lock(environment)
    found.end_objects()
    environment.save(outcome.plan.settings)
    interrupted = forget_pending(environment)
    for urn in interrupted:
        say(f"taking up again what was interrupted: {urn}")
    let_go(environment.name, state, outcome.plan.profile, interrupted)
    try:
        with show(outcome.progress) as take:
            stack.up(
                replace=list(anew),
                on_event=take,
                color="never",
                show_secrets=False,
                suppress_outputs=True,
                # Only where something is to be seen: it takes as long as all the rest.
                refresh=outcome.drift.refresh,
            )
    except CommandError as error:
        raise failed(error, outcome.progress, f"cairn up --name {environment.name}") from None
    outcome.progress.finish()


def _preview(environment: Environment, outcome: Outcome, started: Callable[[int], None]) -> bool:
    """Preview with the plan's settings in a file of their own; of an environment that isn't there, elsewhere.

    Returns whether there is such an environment.
    """
    stack = environment.find()
    if stack is None:
        with passing(environment.name, started) as other:
            made = other.make_stack()
            other.save(outcome.plan.settings)
            _show_changes(made, outcome, other.file)
        return False
    with NamedTemporaryFile("w", prefix="cairn-", suffix=".yaml") as file:
        file.write(environment.render(outcome.plan.settings))
        file.flush()
        _show_changes(stack, outcome, Path(file.name))
    return True


def _show_changes(stack: EngineStack, outcome: Outcome, settings: Path) -> None:
    stack.ignores_protection = True
    try:
        stack.preview(
            on_event=outcome.progress.take, color="never", config_file=str(settings), refresh=outcome.drift.refresh
        )
    except CommandError as error:
        raise failed(error, outcome.progress, f"cairn preview --name {outcome.plan.environment}") from None
