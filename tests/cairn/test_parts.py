from cairn.parts import part_of, parts
from profiles.load import load


def test_a_resource_belongs_to_the_module_that_it_lies_under() -> None:
    for name in [part for part in parts(load("laptop")) if part != "cluster"]:
        urn = f"urn:pulumi:laptop::cairn::cairn:module:{name}$kubernetes:core/v1:Secret::some/secret"
        assert part_of(urn) == name


def test_what_lies_under_no_module_is_the_clusters() -> None:
    assert part_of("urn:pulumi:laptop::cairn::local:index:Node::worker") == "cluster"
