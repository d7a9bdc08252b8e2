"""`cairn preview`: what `cairn up` would change."""

from cairn.console import out, print_json
from cairn.options import AsJson, Context, Kubeconfig, Name, Only, Overrides, ProfileName, SupplyChoice, Unset, Without

EXAMPLES = """Examples:

    cairn preview laptop

    cairn preview laptop --set cluster.workers=2 --json
"""


def command(
    profile: ProfileName = None,
    name: Name = None,
    overrides: Overrides = [],  # noqa: B006 (Typer copies it)
    unset: Unset = [],  # noqa: B006
    only: Only = [],  # noqa: B006
    without: Without = [],  # noqa: B006
    supply: SupplyChoice = "",
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    json: AsJson = False,
) -> None:
    """Show what `cairn up` with the same words would change, field by field, and what it would delete for good.

    Nothing is changed or kept. Of a secret it says that it changes and not what it is.
    """
    from cairn.bring_up import bring_up
    from cairn.plan import Request, settle
    from cairn.progress import UNCHANGED
    from cairn.summary import as_data

    plan = settle(
        Request(
            profile,
            name,
            overrides=tuple(overrides),
            unset=tuple(unset),
            only=tuple(only),
            without=tuple(without),
            supply=supply,
            kubeconfig=kubeconfig,
            context=context,
        )
    )
    outcome = bring_up(plan, preview=True)
    if json:
        print_json(as_data(outcome))
        return
    if outcome.deletes:
        out.print("This would be deleted, with all that is in it:")
        for line in outcome.deletes:
            out.print(f"  {line}", markup=False)
    for step in outcome.progress.steps:
        out.print(f"{step.operation:<20}{step.resource}", markup=False)
        for change in step.changes:
            out.print(f"{'':<20}  {change}", markup=False)
    for note in outcome.progress.notes:
        out.print(f"note: {note}", markup=False)
    for warning in outcome.progress.warnings:
        out.print(f"warning: {warning}", markup=False)
    unchanged = sum(count for word, count in outcome.progress.changes.items() if word in UNCHANGED)
    out.print(f"{len(outcome.progress.steps)} to change, {unchanged} unchanged", markup=False)
