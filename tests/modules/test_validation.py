from pathlib import Path

import pytest

from modules.contract.module import Module
from modules.registry import all_modules, enabled
from modules.validation import load, read
from profiles.errors import ProfileError
from profiles.load import read as read_alone

PAIRS = [(name, needed) for name, module in all_modules().items() for needed in module.requires]


def complaint(profile: str, overrides: dict[str, object]) -> str:
    with pytest.raises(ProfileError) as caught:
        load(profile, overrides)
    return str(caught.value)


def _alone(name: str) -> dict[str, object]:
    """Overrides of mini by which only this module and what it requires are on."""
    modules, on, waiting = all_modules(), set[str](), [name]
    while waiting:
        on.add(each := waiting.pop())
        waiting += modules[each].requires
    keys: dict[str, object] = {"modules": None}
    if "teams" not in on:
        keys["teams"] = None
    return keys | {f"modules.{each}": {} for each in on - {"teams"}}


@pytest.mark.parametrize(("name", "needed"), PAIRS)
def test_a_module_without_what_it_requires_is_told_with_the_lines_to_add(name: str, needed: str) -> None:
    said = complaint("mini", _alone(name) | {f"modules.{needed}": None})
    key = "teams" if name == "teams" else f"modules.{name}"
    assert f"  {key} (in {'mini.yaml' if name == 'teams' else '--set'}): needs {needed}, which is off" in said
    assert f"      modules:\n        {needed}: {{}}" in said


@pytest.mark.parametrize("name", all_modules())
def test_the_lines_that_are_told_make_the_profile_valid(name: str) -> None:
    overrides = _alone(name)
    assert name in [module.name for module in enabled(load("mini", overrides))]


@pytest.mark.parametrize("module", all_modules().values(), ids=lambda module: module.name)
def test_a_module_finds_what_it_reads_of_the_profile_where_only_its_requirements_are_on(module: Module) -> None:
    profile = load("mini", _alone(module.name))
    module.values(profile)
    module.objects(profile)
    assert module.ready(profile)


def test_what_requirements_require_is_told_with_them() -> None:
    said = complaint("mini", {"modules.tracking": {}, "modules.features": {}})
    assert "modules.features (in --set): needs object_store and database and online_store, which are off" in said
    lines = said.split("modules.features (in --set)")[1]
    assert "modules:\n        database: {}\n        object_store: {}\n        online_store: {}" in lines


@pytest.mark.parametrize(
    ("team", "said"),
    [
        ("ml", "a bucket's name in S3 has 3 to 63 letters, and the team's is NAME"),
        ("x", "a workspace of MLflow has 2 letters at least"),
        ("workspaces", "MLflow keeps this name of a workspace for itself"),
        ("administrator", "it is the account of MLflow's administrator"),
        ("administrator", "it is the root account of the object store"),
        ("tracking", "it is the namespace of the module tracking"),
        ("kube-flow", "it is a namespace of Kubernetes"),
        ("my-system", "it is a namespace of Kubernetes"),
        ("default", "it is a namespace of Kubernetes"),
    ],
)
def test_a_name_that_a_server_owns_is_told_with_the_reason(team: str, said: str) -> None:
    told = complaint("laptop", {f"teams.{team}": {}})
    assert f"teams.{team} (in --set): {team} can't be a team's name: " in told
    assert said in told


def test_names_of_servers_that_are_off_are_free() -> None:
    assert "administrator" in load("mini", {"teams.administrator": {}, "teams.x": {}}).teams


def test_a_prefix_makes_a_short_name_long_enough_for_a_bucket_and_a_long_one_too_long() -> None:
    managed = {"endpoint": "https://s3.example", "secret": "keys", "bucket_prefix": "ours-"}
    assert load("laptop", {"modules.object_store.managed": managed, "teams.ml": {}})
    long = managed | {"bucket_prefix": "o" * 60}
    assert "the team's is " + "o" * 60 in complaint("laptop", {"modules.object_store.managed": long})


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: mini\nmodules: {training: {}, tracking: {}}\nteams: {administrator: {}}\n")
    said = complaint(str(file), {})
    for part in ("modules.training (in mine.yaml)", "modules.tracking (in mine.yaml)", "teams.administrator (in mine"):
        assert part in said


def test_what_is_valid_is_read_as_it_is_without_modules() -> None:
    assert read("laptop") == read_alone("laptop")


def test_real_gpus_are_refused_on_local_nodes_with_the_reason() -> None:
    said = complaint("laptop", {"modules.accelerators.mode": "nvidia"})
    assert "local nodes are containers that get none" in " ".join(said.split())
    assert "cluster.provider=existing" in said
    assert load("laptop", {"modules.accelerators.mode": "nvidia", "cluster.provider": "existing"})


def test_quota_on_a_flavor_that_no_local_node_has_is_told_with_its_teams_and_file(tmp_path: Path) -> None:
    flavors = "{default: null, a100: {node_labels: {gpu: a100}}}"
    (tmp_path / "base.yaml").write_text(f"extends: mini\nmodules: {{queueing: {{flavors: {flavors}}}}}\n")
    path = str(tmp_path / "top.yaml")
    Path(path).write_text("extends: ./base.yaml\n")
    said = complaint(path, {})
    assert "modules.queueing.flavors.a100.node_labels (in base.yaml): no node has gpu=a100" in said
    assert "team-a, team-b would have quota there" in said
    assert load(path, {"cluster.provider": "existing"})
    assert load(path, {"teams": None})


def test_a_flavor_without_quota_may_wait_for_its_nodes() -> None:
    assert load("mini", {"modules.queueing.flavors.a100": {"node_labels": {"gpu": "a100"}}})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("teams.team-a.other_flavors.spot", {}, "teams.team-a.other_flavors.spot (in --set): modules.queueing"),
        ("teams.team-a.other_flavors.default", {}, "default is the first flavor, whose quota is the team's own"),
        ("teams.team-a.lending.cpu", 2, "teams.team-a.lending.cpu (in --set): 2 is more than the quota of the team's"),
        ("teams.team-a.lending.gpu", 3, "3 is more than the quota of the team's own, 2: lower it, or leave it out"),
        ("teams.team-a.gpu", 3, "the teams' own gpu add up to 5, and the nodes offer 4: lower teams.*.gpu"),
    ],
)
def test_what_a_module_cannot_do_is_told_with_its_place(key: str, value: object, said: str) -> None:
    assert said in complaint("laptop", {key: value})
