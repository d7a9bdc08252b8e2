"""`cairn up`: from a profile to a platform that serves."""

from cairn.console import out, print_json
from cairn.options import (
    AsJson,
    Context,
    Kubeconfig,
    Name,
    Only,
    Overrides,
    ProfileName,
    SupplyChoice,
    Unset,
    Without,
    Yes,
)

EXAMPLES = """Examples:

    cairn up laptop

    cairn up laptop --name team-lab --set cluster.workers=2 --set cluster.address_range=10.90.0.0/24

    cairn up laptop --only tracking --only ray

    cairn up laptop --set cluster.provider=existing --kubeconfig ~/.kube/config --context staging

    cairn up --name team-lab --unset cluster.workers --json
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
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Bring an environment up, or up to date: provide what it needs, check the machine, run Pulumi, wait until ready.

    The environment is named after the profile unless `--name` says otherwise. What `--set`, `--only`, `--without`,
    `--supply`, `--kubeconfig` and `--context` say is kept for the next time, and for plain `pulumi up`. Safe to run
    again after any interruption. What would be deleted with its data or running work (a team, a module with volumes, a
    node) is named first, and asked for on a terminal; scripts say `--yes`.
    """
    from cairn.bring_up import bring_up
    from cairn.plan import Request, settle
    from cairn.summary import as_data, text

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
    outcome = bring_up(plan, yes=yes)
    if json:
        print_json(as_data(outcome))
    else:
        out.print(text(outcome), markup=False)
