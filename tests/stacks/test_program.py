import asyncio
import json
import runpy
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pulumi
import pytest

from catalog import build, prune
from catalog.cache import Receipt
from catalog.directories import REPOSITORY, environment_root
from catalog.supply import Supply
from installer import install
from modules.contract.cluster import Cluster
from profiles.errors import ProfileError
from profiles.load import load
from profiles.schema import Profile
from stacks import keep_supply
from stacks.clusters import existing
from stacks.errors import ClusterError
from tests.installer.recorder import Recording, record

MAKE = existing.make
SETTINGS = {"cairn:supply": "source", "cairn:set": '{"cluster.provider": "existing"}'}


def run(settings: Mapping[str, str]) -> Recording:
    pulumi.runtime.set_all_config(dict(settings))
    return record(lambda: runpy.run_path(str(REPOSITORY / "stacks" / "__main__.py"), run_name="__main__"))


@pytest.fixture
def noted() -> list[tuple[Path, list[Receipt]]]:
    """Which items were said to be in use, and for as long as which directory is there."""
    return []


@pytest.fixture
def provided(monkeypatch: pytest.MonkeyPatch, noted: list[tuple[Path, list[Receipt]]]) -> list[str]:
    wanted: list[str] = []

    def provide(items: Iterable[str], supply: Supply, progress: Callable[[build.Progress], None]) -> list[Receipt]:
        wanted.extend(items)
        progress(build.Progress("charts/kueue", 1, 1, "building", 0.0))
        return [Receipt(item, "key", supply, 0.0) for item in items]

    def make(profile: Profile, environment: str, supply: Supply) -> Cluster:
        assert (environment, supply) == ("laptop", Supply.SOURCE)
        return Cluster(kubeconfig=pulumi.Output.from_input("the kubeconfig"), identifier="the-cluster")

    monkeypatch.setattr(build, "provide", provide)
    monkeypatch.setattr(prune, "note_use", lambda owner, receipts: noted.append((owner, list(receipts))))
    monkeypatch.setattr(existing, "make", make)
    monkeypatch.setattr(install, "_software_of", lambda module, profile: {"chart": "x", "values": {}})
    return wanted


def test_the_outputs_are_what_the_command_line_reads(provided: list[str]) -> None:
    recording = run({**SETTINGS, "cairn:profile": "laptop"})
    assert recording.outputs["profile"] == "laptop"
    assert recording.outputs["supply"] == "source"
    wanted = load("laptop", json.loads(SETTINGS["cairn:set"]))
    assert Profile.model_validate_json(recording.outputs["merged_profile"]) == wanted
    assert recording.outputs["cluster_identifier"] == "the-cluster"
    assert recording.outputs["modules"]["queueing"].startswith("v")
    assert asyncio.run(pulumi.Output.is_secret(recording.outputs["kubeconfig"]))
    assert "ssh" not in recording.outputs


def test_the_entry_point_is_an_output_and_its_names_are_on_this_machine_only_if_asked_for(provided: list[str]) -> None:
    settings = {**SETTINGS, "cairn:profile": "laptop"}
    recording = run({**settings, "cairn:set": '{"cluster.provider": "existing", "modules.gateway": {}}'})
    assert recording.outputs["entry_point"]["domain"] == "cairn.test"
    assert not [each for each in recording.records if each.type.endswith(":EtcHosts")]
    asked = {"addresses": ["192.0.2.7"], "etc_hosts": {"also": ["iris--team-a"]}}
    wanted = {"cluster.provider": "existing", "modules.gateway": asked}
    made = run({**settings, "cairn:set": json.dumps(wanted)}).one(":EtcHosts", "etc-hosts")
    assert made.inputs["address"] == "192.0.2.7"
    assert "iris--team-a.cairn.test" in made.inputs["names"]
    assert not made.deleted_with


def test_overrides_count_in_the_order_in_which_the_command_line_kept_them(provided: list[str]) -> None:
    kept = {"cluster.provider": "existing", "modules.tracking.workers": 2, "modules.tracking": None}
    on = {"cluster.provider": "existing", "modules.tracking": None, "modules.tracking.workers": 2}
    found = [
        "tracking"
        in run({**SETTINGS, "cairn:profile": "laptop", "cairn:set": json.dumps(overrides)}).outputs["modules"]
        for overrides in (kept, on)
    ]
    assert found == [False, True]


def test_what_a_module_lacks_is_told_without_a_traceback(provided: list[str]) -> None:
    overrides = {"cluster.provider": "existing", "modules.tracking": {}}
    with pytest.raises(ProfileError, match=r"modules.tracking .* needs database and object_store"):
        run({**SETTINGS, "cairn:profile": "mini", "cairn:set": json.dumps(overrides)})


def test_an_existing_cluster_needs_charts_and_manifests_only(provided: list[str]) -> None:
    run({**SETTINGS, "cairn:profile": "laptop"})
    assert "charts/kueue" in provided
    assert "manifests/kuberay" in provided
    assert not [item for item in provided if not item.startswith(("charts/", "manifests/"))]


def test_what_an_environment_is_made_with_is_noted_so_that_it_is_not_pruned(
    provided: list[str], noted: list[tuple[Path, list[Receipt]]]
) -> None:
    run({**SETTINGS, "cairn:profile": "laptop"})
    ((owner, receipts),) = noted
    assert owner == environment_root("laptop")
    assert [receipt.item for receipt in receipts] == provided


def test_only_a_choice_that_auto_made_is_kept(provided: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_supply, "resolve", lambda wanted: (Supply.SOURCE, "as found"))
    monkeypatch.setattr(keep_supply, "environment_root", lambda environment: REPOSITORY / "nowhere" / environment)
    settings = {**SETTINGS, "cairn:profile": "laptop"}
    assert not [each for each in run(settings).records if each.type.endswith(":SupplyChoice")]
    assert run({**settings, "cairn:supply": "auto"}).one(":SupplyChoice", "supply").inputs["supply"] == "source"


def test_a_relative_profile_is_meant_from_the_checkout(provided: list[str]) -> None:
    assert run({**SETTINGS, "cairn:profile": "./profiles/laptop.yaml"}).outputs["profile"] == "./profiles/laptop.yaml"


def test_a_relative_kubeconfig_is_meant_from_the_checkout(provided: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, Path]] = []
    monkeypatch.setattr(existing, "make", MAKE)
    monkeypatch.setattr(existing, "portable", lambda path, context, directory: read.append((path, directory)))
    there = Cluster(kubeconfig=pulumi.Output.from_input("the kubeconfig"), identifier="the-cluster")
    monkeypatch.setattr(existing, "connect", lambda kubeconfig: None)
    monkeypatch.setattr(existing, "look", lambda *_: there)
    run({**SETTINGS, "cairn:profile": "laptop", "cairn:kubeconfig": "./mine"})
    assert read == [("./mine", REPOSITORY)]


def test_a_stack_without_a_profile_is_told_how_to_get_one(provided: list[str]) -> None:
    with pytest.raises(ProfileError, match="pulumi config set profile laptop"):
        run(SETTINGS)
    assert not provided


def test_a_mistyped_setting_is_refused_before_anything_is_provided(
    provided: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", '{"cairn:profile": "laptop", "cairn:suply": "source"}')
    with pytest.raises(ClusterError, match="did you mean supply"):
        run({**SETTINGS, "cairn:profile": "laptop"})
    assert not provided
