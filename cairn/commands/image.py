"""`cairn image`: which images a cluster can run, and a team's own."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cairn.console import out, print_json
from cairn.options import HELP_NAMES, AsJson, Name

LIST = """Examples:

    cairn image list

    cairn image list --json | jq -r '.[].reference'
"""
PUSH = """Examples:

    cairn image push trainer.tar trainer:1 --team team-a

    cairn image push ./oci-layout trainer:2 --team team-a --name laptop --json
"""
app = typer.Typer(help="List images, and bring a team's own.", no_args_is_help=True, context_settings=HELP_NAMES)


@app.command(name="list", epilog=LIST)
def list_images(json: AsJson = False) -> None:
    """Name the images that this machine keeps for local nodes: the catalog's, and those put here by `push`.

    `here` says whether this machine's cache has it; `cairn catalog build` makes what isn't. What members pushed to an
    environment's own registry they list there: docs/images.md.
    """
    from catalog import registry, team_images
    from catalog.schema import load

    lock = load()
    references = {name: lock.image(name) for name in lock.images}
    rows: list[dict[str, object]] = [
        {"reference": reference, "of": f"catalog: {name}", "here": bool(registry.tagged(reference))}
        for name, reference in references.items()
    ]
    rows += [
        {"reference": image.reference, "of": f"{image.team} of {image.environment}", "here": True}
        for image in team_images.images()
    ]
    if json:
        print_json(rows)
        return
    table = Table("image", "of", "here", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(str(row["reference"]), str(row["of"]), "yes" if row["here"] else "no")
    out.print(table)


@app.command(epilog=PUSH)
def push(
    archive: Annotated[Path, typer.Argument(help="What `docker save` or any builder wrote: an archive or OCI layout.")],
    image: Annotated[str, typer.Argument(metavar="NAME:TAG", help="What the team calls it.")],
    team: Annotated[str, typer.Option("--team", "-t", help="Whose it is.")],
    name: Name = None,
    json: AsJson = False,
) -> None:
    """Put a team's image where the environment's nodes pull from, and say by which name pods use it.

    For whoever runs the environment, on its machine. A tag that is pushed again names the new image; pods that run
    keep theirs.
    """
    from cairn.commands.kubeconfig import known_team
    from cairn.errors import UserError
    from cairn.opening import open_environment
    from catalog import team_images
    from catalog.directories import REPOSITORY, environment_root
    from profiles.load import load

    if not archive.exists():
        raise UserError(f"there is no {archive}", fix="docker save IMAGE --output image.tar, or name what is there")
    environment = open_environment(name)
    environment.stack()
    settings = environment.settings()
    profile = load(settings.profile, settings.set, REPOSITORY)
    known_team(team, profile, settings.profile)
    if profile.cluster.provider != "local":
        raise UserError(
            "an existing cluster's nodes pull from registries of their own",
            where=f"cluster.provider of {settings.profile}",
            fix="push the image to a registry that they can reach",
        )
    put = team_images.put(archive, environment.name, team, image, environment_root(environment.name))
    if json:
        print_json(vars(put))
        return
    out.print(f"{put.reference} can be run now ({put.digest})", markup=False)
