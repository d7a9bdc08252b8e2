from pathlib import Path

import pytest

from hosts.errors import HostError
from hosts.local import container, firewall
from hosts.local.plan import Network

NETWORK = Network("dev")


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The chain FORWARD of a machine that is nobody's."""
    kept: list[list[str]] = []

    def run(_: str, wait: str, action: str, chain: str, *rule: str) -> str:
        assert (wait, chain) == ("-w", "FORWARD")
        kept.insert(0, [*rule]) if action == "-I" else kept.remove([*rule])
        return ""

    monkeypatch.setattr(firewall, "tool", lambda name: Path("/sbin", name))
    monkeypatch.setattr(firewall, "run", run)
    monkeypatch.setattr(firewall, "succeeds", lambda *words: list(words[4:]) in kept)
    return kept


def test_one_rule_for_the_environments_own_bridge_goes_before_all_others(rules: list[list[str]]) -> None:
    rules.append(["-j", "DROP"])
    assert not firewall.is_open(NETWORK)
    firewall.open_bridge(NETWORK)
    firewall.open_bridge(NETWORK)
    assert firewall.is_open(NETWORK)
    assert len(rules) == 2
    assert " ".join(rules[0]).startswith(f"-i {NETWORK.bridge} -o {NETWORK.bridge} ")
    assert f"cairn:{NETWORK.handle}" in rules[0]


def test_it_goes_with_the_environment_and_another_environments_stays(rules: list[list[str]]) -> None:
    for network in (NETWORK, Network("lab")):
        firewall.open_bridge(network)
    rules.append(list(rules[1]))
    firewall.close_bridge(NETWORK)
    assert not firewall.is_open(NETWORK)
    assert firewall.is_open(Network("lab"))


def test_a_node_that_is_cut_off_all_the_same_is_named_with_the_lines_that_mend_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(container, "answers", lambda *words: False)
    with pytest.raises(HostError, match=r"(?s)dev-worker-1 can't reach 10\.89\.0\.2.*firewall-cmd") as caught:
        firewall.require_open(NETWORK, "dev-worker-1")
    assert NETWORK.bridge in str(caught.value)
    monkeypatch.setattr(container, "answers", lambda *words: True)
    firewall.require_open(NETWORK, "dev-worker-1")
