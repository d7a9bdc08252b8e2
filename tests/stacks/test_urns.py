"""What Pulumi knows each resource by, written down: environments hold these URNs in their state.

A resource that is asked for under another URN is a new one: made where the old one still is, and gone when that is
deleted.

`CAIRN_UPDATE_GOLDEN=1 pytest tests/stacks/test_urns.py` adds to the record what is new. It never drops a line.
"""

import os
import runpy
from collections.abc import Iterable
from pathlib import Path

import pulumi
import pytest

from catalog import build, prune
from catalog.directories import REPOSITORY
from catalog.supply import Supply
from installer import install
from profiles.load import available
from stacks import keep_supply
from tests.installer.recorder import Recording, record

GOLDEN = Path(__file__).parent.parent / "golden"
UPDATE = "CAIRN_UPDATE_GOLDEN=1 pytest tests/stacks/test_urns.py"


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program comes to the same on every machine, and provides nothing."""
    monkeypatch.setattr(build, "provide", lambda items, supply, progress: [])
    monkeypatch.setattr(prune, "note_use", lambda owner, receipts: None)
    monkeypatch.setattr(keep_supply, "resolve", lambda wanted: (Supply.SOURCE, "as found"))
    monkeypatch.setattr(keep_supply, "environment_root", lambda environment: REPOSITORY / "nowhere" / environment)
    monkeypatch.setattr(install, "_software_of", lambda module, profile: {"chart": "x", "values": {}})


def run(profile: str) -> Recording:
    pulumi.runtime.set_all_config({"cairn:profile": profile})
    return record(lambda: runpy.run_path(str(REPOSITORY / "stacks" / "__main__.py"), run_name="__main__"), profile)


def known_by(urns: Iterable[str]) -> set[str]:
    """Types and name: without stack and project, which differ between environments, and without the stack itself."""
    return {urn.split("::", 2)[2] for urn in urns if "::pulumi:pulumi:Stack::" not in urn}


def lost(recorded: set[str], recording: Recording) -> set[str]:
    """What an environment has that the program neither asks for nor names as an alias."""
    return recorded - known_by(urn for each in recording.records for urn in (each.urn, *each.former))


@pytest.mark.parametrize("profile", available())
def test_no_resource_of_a_profile_is_renamed_without_an_alias(profile: str, anywhere: None) -> None:
    recording, path = run(profile), GOLDEN / f"{profile}.urns"
    made = known_by(each.urn for each in recording.records)
    recorded = set(path.read_text().split("\n")) - {""} if path.exists() else set()
    if os.environ.get("CAIRN_UPDATE_GOLDEN"):
        recorded |= made
        path.write_text("".join(f"{urn}\n" for urn in sorted(recorded)))
    gone = "\n  ".join(sorted(lost(recorded, recording)))
    assert not gone, (
        f"environments have these resources, and the program no longer asks for them:\n  {gone}\n"
        "Renamed or regrouped: give the new resource `aliases`. Without, `up` takes the object over under its new name "
        f"and then deletes it with the old one. Meant to go: delete the lines from {path}."
    )
    new = "\n  ".join(sorted(made - recorded))
    assert not new, f"not in {path} yet:\n  {new}\n{UPDATE}"


def program(name: str, aliases: list[pulumi.Alias]) -> Recording:
    def declare() -> None:
        group = pulumi.ComponentResource("cairn:module:a", name, opts=pulumi.ResourceOptions(aliases=aliases))
        pulumi.CustomResource("kubernetes:core/v1:ConfigMap", "settings", {}, pulumi.ResourceOptions(parent=group))
        pulumi.CustomResource("kubernetes:core/v1:Secret", f"{name}-key", {}, pulumi.ResourceOptions(parent=group))

    return record(declare)


def test_a_renamed_group_is_found_by_its_alias_and_what_is_named_after_it_too() -> None:
    recorded = known_by(each.urn for each in program("old", []).records)
    assert not lost(recorded, program("new", [pulumi.Alias(name="old")]))
    key = "cairn:module:a$kubernetes:core/v1:Secret::old-key"
    assert lost(recorded, program("new", [])) == {"cairn:module:a::old", key}


def test_a_regrouped_resource_is_found_by_the_alias_of_its_old_parent() -> None:
    def declare(*aliases: pulumi.Alias) -> None:
        options = pulumi.ResourceOptions(aliases=list(aliases))
        pulumi.CustomResource("kubernetes:core/v1:ConfigMap", "settings", {}, options)

    recorded = {"cairn:module:a$kubernetes:core/v1:ConfigMap::settings"}
    group = pulumi.Alias(parent="urn:pulumi:laptop::cairn::cairn:module:a::a")
    assert not lost(recorded, record(lambda: declare(group)))
    assert lost(recorded, record(declare)) == recorded
