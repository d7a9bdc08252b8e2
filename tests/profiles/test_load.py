from collections.abc import Mapping
from pathlib import Path

import pytest

from profiles.errors import ProfileError
from profiles.load import available, explain, load

SMALL = "modules: {queueing: {}}\nteams: {red: {cpu: 1}}\n"


def written(directory: Path, **files: str) -> str:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    return str(directory / f"{next(iter(files))}.yaml")


def complaint(profile: str, overrides: Mapping[str, object] | None = None) -> str:
    with pytest.raises(ProfileError) as caught:
        load(profile, overrides)
    return str(caught.value)


@pytest.mark.parametrize("name", available())
def test_every_profile_of_ours_loads(name: str) -> None:
    assert load(name).description


def test_the_laptop_is_local_with_two_cores_and_8_gibibytes() -> None:
    profile = load("laptop")
    assert profile.cluster.provider == "local"
    assert profile.budget.cpu_millis == 2000
    assert profile.budget.memory_bytes == 8 * 2**30


def test_real_gpus_are_refused_on_local_nodes_with_the_reason() -> None:
    said = complaint("laptop", {"modules.accelerators.mode": "nvidia"})
    assert "local nodes are containers that get none" in " ".join(said.split())
    assert "cluster.provider=existing" in said
    assert load("laptop", {"modules.accelerators.mode": "nvidia", "cluster.provider": "existing"})


def test_an_extending_profile_changes_only_what_it_names(tmp_path: Path) -> None:
    profile = load(written(tmp_path, mine="extends: laptop\ncluster: {workers: 3}\n"))
    assert profile.cluster.workers == 3
    assert profile.teams == load("laptop").teams


def test_a_profile_may_extend_a_file_beside_it(tmp_path: Path) -> None:
    path = written(tmp_path, top="extends: ./base.yaml\n", base=SMALL)
    assert set(load(path).teams) == {"red"}


def test_null_turns_a_module_off_and_removes_a_team(tmp_path: Path) -> None:
    profile = load(written(tmp_path, mine="extends: laptop\nmodules: {ray: null}\nteams: {team-b: null}\n"))
    assert profile.modules.ray is None
    assert set(profile.teams) == {"team-a"}


def test_a_list_replaces_the_list_below(tmp_path: Path) -> None:
    flavor = "modules: {queueing: {flavors: {default: {tolerations: [{key: %s}]}}}}\n"
    path = written(tmp_path, top="extends: ./base.yaml\n" + flavor % "b", base=flavor % "a")
    queueing = load(path).modules.queueing
    assert queueing is not None
    assert queueing.flavors["default"].tolerations == [{"key": "b"}]


def test_a_relative_path_is_meant_from_the_directory_that_is_given(tmp_path: Path) -> None:
    written(tmp_path, mine=SMALL)
    assert set(load("./mine.yaml", directory=tmp_path).teams) == {"red"}
    assert load("laptop", directory=tmp_path) == load("laptop")


def test_overrides_lie_on_top_of_the_file() -> None:
    assert load("laptop", {"cluster.address_range": "10.90.0.0/24"}).cluster.address_range == "10.90.0.0/24"


def test_each_value_tells_where_it_came_from(tmp_path: Path) -> None:
    path = written(tmp_path, mine="extends: laptop\ncluster: {workers: 3}\nmodules: {ray: null}\n")
    origins = {each.key: each.origin for each in explain(path, {"cluster.egress": True})}
    assert origins["cluster.workers"] == "mine.yaml"
    assert origins["budget.cpu"] == "mini.yaml"
    assert origins["cluster.egress"] == "--set"
    assert origins["cluster.pod_range"] == "default"
    assert origins["modules.ray"] == "default"


def test_an_unknown_profile_is_told_with_the_nearest_name() -> None:
    assert complaint("labtop") == "no profile 'labtop': did you mean laptop?"


def test_a_path_that_is_no_file_is_told() -> None:
    assert "no profile './nothing.yaml'" in complaint("./nothing.yaml")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cluster.worker", 2, "cluster.worker (in --set): unknown key; did you mean workers?"),
        ("modules.rai", {}, "modules.rai (in --set): unknown module; did you mean ray?"),
        ("teams.team-a.cpuu", 1, "teams.team-a.cpuu (in --set): unknown key; did you mean cpu?"),
        ("modules.queueing.preemption.within", "Any", "did you mean within_team?"),
        ("zzz", 1, "unknown key; known here: description, cluster, budget, modules, teams, extends"),
        ("cluster.workers", "2", "cluster.workers (in --set): must be a valid integer, not '2'"),
        ("cluster.workers", -1, "must be greater than or equal to 0, not -1"),
        ("cluster.provider", "lokal", "must be 'local' or 'existing', not 'lokal'"),
        ("cluster", 3, "cluster (in --set): must be a map, not 3"),
        ("modules.ray", True, "modules.ray (in --set): must be a map, not True"),
        ("teams.team-a.cpu", True, "must be a quantity such as 500m, 2 or 3Gi"),
        ("teams.team-a.memory", "3 GB", "'3 GB' is not a quantity such as 500m, 2 or 3Gi"),
        ("modules.queueing.wait_for_pods_ready", 60, "must be a duration such as 30s, 5m or 1h"),
        ("teams.Team", {}, "a team's name is a namespace"),
        ("teams.kube-system", {}, "the namespace kube-system is not free for a team"),
        ("teams.team-a.other_flavors.spot.gpuu", 1, "spot.gpuu (in --set): unknown key; did you mean gpu?"),
        ("teams", {1: {}}, "teams.1 (in --set): must be a valid string"),
        ("teams.team-a.other_flavors.spot", {}, "modules.queueing.flavors has no spot"),
        ("modules.queueing", None, "teams need a queue: add `queueing: {}` to modules, or remove the teams"),
        ("cluster.address_range", "10.244.1.0/24", "address_range 10.244.1.0/24 overlaps pod_range 10.244.0.0/16"),
        ("cluster.address_range", "10.9.0.0/28", "address_range has no room for 1 workers"),
        ("cluster.address_range", "10.9.0.0/27", "choose a larger one, /26 at least"),
        ("cluster.pod_range", "10.9.0.0/25", "pod_range 10.9.0.0/25 has no /24 for each of 2 nodes"),
        ("cluster.pod_range", "10.9.0.0/24", "pod_range 10.9.0.0/24 has no /24 for each of 2 nodes"),
        ("cluster.service_range", "10.9.0.0/25", "service_range 10.9.0.0/25 is too small: choose a /24 or larger"),
        ("cluster.service_range", "10.244.9.0/24", "overlaps service_range 10.244.9.0/24"),
        ("budget.cpu", 0, "budget.cpu (in --set): must be more than 0, not 0"),
        ("budget.memory", "-1Gi", "budget.memory (in --set): "),
        ("teams.team-a.cpu", 5, "the teams' own cpu add up to 5.500, and the nodes offer 2"),
        ("teams.team-a.gpu", 3, "the teams' own gpu add up to 5, and the nodes offer 4: lower teams.*.gpu"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(key: str, value: object, said: str) -> None:
    assert said in complaint("laptop", {key: value})


def test_every_mistake_is_told_at_once() -> None:
    said = complaint("laptop", {"cluster.worker": 2, "modules.rai": {}})
    assert "cluster.worker" in said
    assert "modules.rai" in said


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    assert "cluster.workers (in mine.yaml)" in complaint(written(tmp_path, mine="cluster: {workers: many}\n"))


def test_a_circle_of_extends_is_told_with_its_chain(tmp_path: Path) -> None:
    path = written(tmp_path, a="extends: ./b.yaml\n", b="extends: ./c.yaml\n", c="extends: ./a.yaml\n")
    assert "extends goes in a circle (a.yaml -> b.yaml -> c.yaml -> a.yaml)" in complaint(path)


def test_an_extends_that_leads_nowhere_names_the_file_that_has_it(tmp_path: Path) -> None:
    path = written(tmp_path, mine="extends: labtop\n")
    assert complaint(path) == f"{path}: extends no profile 'labtop': did you mean laptop?"


@pytest.mark.parametrize(("text", "said"), [("a: [", "not readable as YAML"), ("- a\n", "a profile is a map")])
def test_a_file_that_is_no_map_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert said in complaint(written(tmp_path, mine=text))


def test_a_profile_error_is_shown_without_a_traceback() -> None:
    assert ProfileError.user_message


def test_teams_may_exceed_the_budget_where_the_nodes_are_not_ours(tmp_path: Path) -> None:
    path = written(tmp_path, mine="extends: laptop\ncluster: {provider: existing}\nteams: {team-a: {cpu: 500}}\n")
    assert load(path).teams["team-a"].cpu == "500"
