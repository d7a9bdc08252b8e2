from cairn.summary import reached
from profiles.load import load


def test_the_summary_names_the_entry_points_addresses() -> None:
    there = "\n".join(reached(load("laptop", {"modules.gateway": {}, "cluster.address_range": "10.93.0.0/24"})))
    assert "*.cairn.test is at 10.93.0.11" in there


def test_where_the_cloud_gives_the_address_the_summary_says_how_to_ask_for_it() -> None:
    assert "kubectl get gateway" in "\n".join(
        reached(load("laptop", {"modules.gateway": {}, "cluster.provider": "existing"}))
    )


def test_a_profile_without_a_gateway_has_nothing_to_reach() -> None:
    assert reached(load("mini")) == []
