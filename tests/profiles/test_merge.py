from profiles.merge import Origins, Path, Tree, layers, merge


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


def test_each_dotted_key_becomes_a_layer_in_its_order() -> None:
    assert layers({"a.b": 1, "a.c.d": 2, "e": 3}) == [{"a": {"b": 1}}, {"a": {"c": {"d": 2}}}, {"e": 3}]


def test_a_map_is_merged_over_its_default_and_null_removes_an_entry_of_it() -> None:
    defaults: dict[Path, Tree] = {("classes",): {"low": 1, "high": 3}}
    merged = merge({}, {"classes": {"urgent": 9, "low": None}}, "layer", {}, lambda path: defaults.get(path, {}))
    assert merged == {"classes": {"high": 3, "urgent": 9}}


def test_a_default_that_a_layer_names_stands_where_the_layer_has_it() -> None:
    defaults: dict[Path, Tree] = {("flavors",): {"default": {}, "other": {}}}
    merged = merge({}, {"flavors": {"a100": {}, "default": {}}}, "layer", {}, lambda path: defaults.get(path, {}))
    flavors = merged["flavors"]
    assert isinstance(flavors, dict)
    assert list(flavors) == ["other", "a100", "default"]
