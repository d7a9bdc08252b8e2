"""Takes all measurements on this machine and writes docs/performance.md: `make bench`."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench import idle, machine, models, plain, shares, training
from bench.person import Person
from bench.report import Measurements, kept, page
from cairn.console import say
from cairn.overrides import parse
from cairn.settings import settings_file
from catalog.directories import REPOSITORY
from hosts.local.teardown import recorded, teardown
from modules.contract.api import connect
from modules.validation import load
from profiles.errors import ProfileError
from profiles.schema import Profile

DOCS = REPOSITORY / "docs"
ENVIRONMENT = "bench"


def main(
    profile: Annotated[str, typer.Option(help="The profile to measure.")] = "laptop",
    runs: Annotated[int, typer.Option(help="Runs of each kind.", min=1)] = 3,
    seconds: Annotated[float, typer.Option(help="How long to watch the idle platform.")] = 60,
    overrides: Annotated[
        list[str],
        typer.Option("--set", metavar="KEY=VALUE", help="Overrides; by default addresses of its own."),
    ] = ["cluster.address_range=10.99.0.0/24"],  # noqa: B006 (Typer copies it)
    output: Annotated[
        Path | None,
        typer.Option(help="Where the page goes. [default: docs/performance.md, or docs/performance-PROFILE.md]"),
    ] = None,
) -> None:
    """Measure warm up, no-op up and preview, down, idle cost, training, serving and the yardstick; write the page."""
    try:
        wanted = load(profile, parse(overrides))
    except ProfileError as error:
        raise SystemExit(f"error: {error}") from None
    busy = machine.busy()
    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as directory:
        os.environ["XDG_STATE_HOME"] = directory
        person = Person(Path(directory), ENVIRONMENT, (profile, *(f"--set={word}" for word in overrides)))
        try:
            seen = measure(person, wanted, runs, seconds, busy)
        finally:
            teardown(ENVIRONMENT)
            settings_file(ENVIRONMENT).unlink(missing_ok=True)
    file = output or DOCS / ("performance.md" if profile == "laptop" else f"performance-{Path(profile).stem}.md")
    by_hand = kept(file.read_text()) if file.exists() else ""
    file.write_text(page(seen, profile, wanted) + (f"\n{by_hand}" if by_hand else ""))
    typer.echo(file.read_text())


def measure(person: Person, profile: Profile, runs: int, seconds: float, busy: float) -> Measurements:
    """Runs of Cairn and of the yardstick take turns, so that a busy minute hits both."""
    seen = Measurements(machine.describe(), busy)
    for run in range(runs):
        say(f"run {run + 1} of {runs}: Cairn")
        seconds_up, parts = person.up_with_parts()
        seen.warm.append(seconds_up)
        seen.unchanged_up.append(person.up())
        seen.unchanged_preview.append(person.preview())
        state = person.pulumi("stack export --show-secrets")
        network = recorded(ENVIRONMENT)
        if run == runs - 1:
            say(f"idle for {seconds:.0f} s")
            client = connect(person.pulumi("stack output --json --show-secrets")["kubeconfig"])
            seen.idle = idle.measure(network, client, seconds)
            seen.shares = shares.measure(profile, parts, seen.idle.memory_bytes, client)
            if profile.modules.training:
                say("trainings, from submission to first step")
                seen.training = training.measure(ENVIRONMENT, runs)
            if profile.modules.serving:
                say("serving, bare and by the entry point")
                seen.serving = models.measure(ENVIRONMENT)
        seen.down.append(person.down())
        say(f"run {run + 1} of {runs}: plain kubeadm, helm and kubectl")
        plain.remove_links(network)
        seen.plain.append(plain.up(state, profile))
        teardown(ENVIRONMENT)
        plain.remove_links(network)
    return seen


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
