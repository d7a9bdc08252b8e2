from collections.abc import Mapping
from pathlib import Path

import pytest

from profiles.errors import ProfileError
from profiles.load import available, load, read

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
    origins = {each.key: each.origin for each in read(path, {"cluster.egress": True}).settings()}
    assert origins["cluster.workers"] == "mine.yaml"
    assert origins["budget.cpu"] == "mini.yaml"
    assert origins["cluster.egress"] == "--set"
    assert origins["cluster.pod_range"] == "default"
    assert origins["modules.ray"] == "default"


def test_an_unknown_profile_is_told_with_the_nearest_name() -> None:
    assert complaint("labtop") == "no profile 'labtop': did you mean laptop?"


def test_a_path_that_is_no_file_is_told() -> None:
    assert complaint("./nothing.yaml").startswith("./nothing.yaml: is not there (looked for /")


def test_a_path_is_told_with_the_file_beside_it_that_has_a_name_like_it(tmp_path: Path) -> None:
    written(tmp_path, mine=SMALL)
    assert complaint(str(tmp_path / "mime.yaml")).endswith(f"is not there; did you mean {tmp_path}/mine.yaml?")
    assert "did you mean mini, the profile that comes with Cairn?" in complaint("./mini.yaml")


def test_a_directory_is_told_to_be_one(tmp_path: Path) -> None:
    assert "is a directory, and a profile is a file" in complaint(f"{tmp_path}/")


def test_a_name_whose_file_lies_here_is_told_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, mine=SMALL)
    monkeypatch.chdir(tmp_path)
    assert complaint("mine") == "no profile 'mine': did you mean ./mine.yaml?"


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
        ("teams.team-a.other_flavors.spot.gpuu", 1, "spot.gpuu (in --set): unknown key; did you mean gpu?"),
        ("teams", {1: {}}, "teams.1 (in --set): must be a valid string"),
        ("teams.team-a.borrowing.gpu", -1, "must be greater than or equal to 0, not -1"),
        ("teams.team-a.borrowing.cpu", "-1", "teams.team-a.borrowing.cpu (in --set): must not be negative"),
        ("modules.queueing.flavors.A100", {}, "flavors.A100 (in --set): a name is lower-case letters, digits"),
        ("modules.queueing.flavors.spot", {"node_labels": {"a b": "c"}}, "a label's key is letters, digits"),
        ("modules.queueing.flavors.spot", {"node_labels": {"a": "b/c"}}, "a label's value is letters, digits"),
        ("modules.queueing.flavors.spot", {"tolerations": [{"effect": "No"}]}, "effect must be NoSchedule or"),
        ("modules.queueing.flavors.spot", {"tolerations": [{"key": "a", "operator": "In"}]}, "operator must be"),
        ("modules.queueing.flavors.spot", {"tolerations": [{"value": "a"}]}, "tolerates everything: say so with"),
        ("modules.queueing.flavors.spot", {"tolerations": [{"kee": "a"}]}, "kee: unknown key; known here: key"),
        ("modules.queueing.priority_classes.Urgent", 1, "a name is lower-case letters, digits and dashes"),
        ("modules.queueing.priority_classes.urgent", 2**31, "must be less than 2147483648"),
        ("modules.queueing.cohort", "a-", "a name is lower-case letters, digits and dashes between them"),
        (
            "modules.queueing.preemption",
            {"reclaim_lent": "Never", "while_borrowing": "LowerPriority"},
            "while_borrowing LowerPriority needs a reclaim_lent other than Never",
        ),
        ("modules.object_store", {"managed": {"bucket_prefix": "A"}}, "bucket_prefix"),
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not readable as YAML"),
        ("- a\n", "a profile is a map"),
        ("", "the file is empty; the shortest profile is one line: extends: laptop"),
        ("# nothing\n", "the file is empty"),
        ("{}\n", "the file is empty"),
        ("extends:\n", "extends must be the name or path of one profile, not None"),
        ("modules: {}\nteams: {}\nmodules: {}\n", "the key 'modules' is there twice, first in line 1: keep one"),
    ],
)
def test_a_file_that_is_no_map_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert said in complaint(written(tmp_path, mine=text))


def test_a_profile_error_is_shown_without_a_traceback() -> None:
    assert ProfileError.user_message


def test_teams_may_exceed_the_budget_where_the_nodes_are_not_ours(tmp_path: Path) -> None:
    path = written(tmp_path, mine="extends: laptop\ncluster: {provider: existing}\nteams: {team-a: {cpu: 500}}\n")
    assert load(path).teams["team-a"].cpu == "500"


def test_nodes_are_labelled_by_name() -> None:
    labels = {"worker-1": {"cairn.test/accelerator": "a100", "empty": ""}, "control-plane": {"zone": "one"}}
    assert load("mini", {"cluster.node_labels": labels}).cluster.node_labels == labels


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"worker-2": {"a": "b"}}, "there is no such node; there is control-plane, worker-1"),
        ({"worker-one": {"a": "b"}}, "worker-one"),
        ({"worker-1": {"kubernetes.io/hostname": "x"}}, "kubelet's own"),
        ({"worker-1": {"a b": "c"}}, "a b"),
        ({"worker-1": {"a": "b c"}}, "node_labels"),
    ],
)
def test_a_label_that_no_node_could_have_is_refused(labels: dict[str, dict[str, str]], said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        load("mini", {"cluster.node_labels": labels})


def test_labels_for_a_cluster_that_is_there_already_are_refused() -> None:
    with pytest.raises(ProfileError, match="label an existing cluster's by kubectl"):
        load("mini", {"cluster.provider": "existing", "cluster.node_labels": {"worker-1": {"a": "b"}}})


def test_a_pod_may_not_start_more_than_its_node() -> None:
    with pytest.raises(ProfileError, match="lower the one or raise the other"):
        load("mini", {"budget.processes_per_pod": 9000})


def test_a_doubled_key_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, top="extends: ./base.yaml\n", base="modules: {}\nteams: {}\nmodules: {ray: {}}\n")
    assert f'in "{tmp_path}/base.yaml", line 3, column 1' in complaint(path)


def test_a_class_of_ones_own_stands_beside_the_default_ones_and_null_removes_one(tmp_path: Path) -> None:
    path = written(tmp_path, mine="extends: mini\nmodules: {queueing: {priority_classes: {urgent: 9, low: null}}}\n")
    queueing = load(path).modules.queueing
    assert queueing is not None
    assert queueing.priority_classes == {"normal": 0, "high": 100, "urgent": 9}


def test_a_flavor_of_ones_own_stands_behind_the_default_one_unless_that_is_null(tmp_path: Path) -> None:
    kept = written(tmp_path, kept="extends: mini\nmodules: {queueing: {flavors: {spot: {}}}}\n")
    gone = written(tmp_path, gone="extends: mini\nmodules: {queueing: {flavors: {spot: {}, default: null}}}\n")
    first = written(tmp_path, first="extends: mini\nmodules: {queueing: {flavors: {spot: {}, default: {}}}}\n")
    found = [list(load(path).modules.on()["queueing"].model_dump()["flavors"]) for path in (kept, gone, first)]
    assert found == [["default", "spot"], ["spot"], ["spot", "default"]]


def test_the_last_override_counts() -> None:
    on = load("mini", {"modules.tracking": None, "modules.tracking.workers": 2}).modules.tracking
    assert on is not None
    assert on.workers == 2
    assert load("mini", {"modules.tracking.workers": 2, "modules.tracking": None}).modules.tracking is None
