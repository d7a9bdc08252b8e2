from profiles.merge import Origins, Tree, merge, nest


def test_merging_leaves_its_inputs_as_they_are() -> None:
    base: Tree = {"a": {"b": 1}}
    merge(base, {"a": {"c": 2}}, "layer", {})
    assert base == {"a": {"b": 1}}


def test_a_map_replaces_a_scalar_and_a_scalar_a_map() -> None:
    assert merge({"a": 1}, {"a": {"b": 2}}, "layer", {}) == {"a": {"b": 2}}
    assert merge({"a": {"b": 2}}, {"a": 1}, "layer", {}) == {"a": 1}


def test_null_for_what_is_not_there_does_nothing() -> None:
    assert merge({"a": 1}, {"b": None}, "layer", {}) == {"a": 1}


def test_origins_forget_what_was_removed_or_replaced() -> None:
    origins: Origins = {}
    tree = merge({}, {"a": {"b": 1, "c": 2}}, "first", origins)
    merge(tree, {"a": None}, "second", origins)
    assert origins == {}


def test_dotted_keys_become_maps() -> None:
    assert nest({"a.b": 1, "a.c.d": 2, "e": 3}) == {"a": {"b": 1, "c": {"d": 2}}, "e": 3}
