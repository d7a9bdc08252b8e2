from cairn.display import line
from cairn.progress import Progress, State, label
from tests.cairn.events import COMPONENT, GATE, MODULE, NODE, begins, ends, fails, says, sums_up


def progress() -> Progress:
    ticks = iter(range(100))
    result = Progress(lambda: float(next(ticks)))
    result.expect("cluster", "queueing")
    return result


def test_a_module_is_done_when_its_gate_is() -> None:
    seen = progress()
    assert seen.take(begins(MODULE)) is seen.rows["queueing"]
    assert seen.take(ends(MODULE)) is None
    seen.take(begins(GATE))
    assert seen.take(ends(GATE)) is seen.rows["queueing"]
    assert seen.rows["queueing"].state is State.DONE
    assert seen.rows["queueing"].changed == 2


def test_what_belongs_to_no_module_is_the_cluster() -> None:
    seen = progress()
    seen.take(begins(NODE))
    assert seen.rows["cluster"].doing == {NODE: "create LocalNode dev-control-plane"}
    assert line(seen.rows["cluster"]) == "cluster: working (create LocalNode dev-control-plane)"


def test_a_resource_that_stays_as_it_is_makes_no_step() -> None:
    seen = progress()
    seen.take(begins(MODULE, "same"))
    seen.take(ends(MODULE, "same"))
    assert seen.steps == []
    assert seen.rows["queueing"].state is State.UNCHANGED


def test_components_are_no_steps_because_nothing_ends_them() -> None:
    seen = progress()
    seen.take(begins(COMPONENT, custom=False))
    assert seen.steps == []
    assert seen.rows["queueing"].doing == {}


def test_the_engines_own_default_providers_are_no_steps() -> None:
    seen = progress()
    seen.take(begins("urn:pulumi:dev::cairn::pulumi:providers:pulumi::default"))
    seen.take(begins("urn:pulumi:dev::cairn::pulumi:providers:pulumi-python::default_1_2_3"))
    assert seen.steps == []
    seen.take(begins("urn:pulumi:dev::cairn::pulumi:providers:kubernetes::kubernetes"))
    assert len(seen.steps) == 1


def test_a_failed_module_stays_failed() -> None:
    seen = progress()
    seen.take(begins(MODULE))
    seen.take(fails(MODULE))
    seen.take(begins(GATE))
    seen.take(ends(GATE))
    assert seen.rows["queueing"].state is State.FAILED


def test_seconds_run_from_the_first_step_to_the_last() -> None:
    seen = progress()
    seen.take(begins(MODULE))  # 0
    seen.take(ends(MODULE))  # 1
    seen.take(begins(GATE))
    seen.take(ends(GATE))  # 2
    assert seen.rows["queueing"].seconds(50) == 2


def test_errors_go_with_their_resource_and_notes_with_their_module() -> None:
    seen = progress()
    seen.take(says("error", "Exception calling application: no room\n", MODULE))
    seen.take(says("info", "already there, left as it is", COMPONENT))
    seen.take(says("info", "helm install", MODULE))
    seen.take(says("info", "supply source: as set"))
    seen.take(says("warning", "using pulumi-resource-kubernetes from $PATH at /x"))
    seen.take(says("warning", "[Pod online-store/online-store-0]: containers with unready status: [online-store]"))
    seen.take(says("warning", "[MinimumReplicasUnavailable] Deployment does not have minimum availability."))
    seen.take(says("warning", "something else"))
    assert seen.errors == {MODULE: ["no room"]}
    assert seen.notes == ["already there, left as it is"]
    assert seen.warnings == ["something else"]


def test_the_engine_counts_the_changes() -> None:
    seen = progress()
    seen.take(sums_up(create=3, same=2))
    assert seen.changes == {"create": 3, "same": 2}


def test_a_resource_is_called_by_kind_and_name() -> None:
    assert label(MODULE) == "Release kueue"
    assert label("urn:pulumi:dev::cairn::kubernetes:core/v1:Namespace::a::b") == "Namespace a::b"
