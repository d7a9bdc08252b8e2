from dataclasses import replace

from smoke_tests.lifecycle.machine import Machine

NOTHING: frozenset[str] = frozenset()
CLEAN = Machine(NOTHING, NOTHING, frozenset({"lo"}), NOTHING, NOTHING, NOTHING, (("kernel/panic", "7"),), NOTHING)


def test_a_machine_with_nothing_new_has_nothing_left_behind() -> None:
    assert CLEAN.left_since(CLEAN, "0a1b2c") == {}


def test_what_was_left_is_named_by_its_kind() -> None:
    after = replace(CLEAN, links=frozenset({"lo", "cairn-0a1b2c", "new0"}), settings=(("kernel/panic", "10"),))
    left = after.left_since(CLEAN, "0a1b2c")
    assert left == {"links": ["cairn-0a1b2c", "new0"], "settings": [("kernel/panic", "10")]}


def test_what_another_environment_brought_meanwhile_is_not_ours() -> None:
    after = replace(CLEAN, links=frozenset({"crnffffffp11"}), cgroups=frozenset({"/sys/fs/cgroup/cpu/cairn/ffffff"}))
    assert after.left_since(CLEAN, "0a1b2c") == {}
    assert after.left_since(CLEAN, "ffffff") != {}
