import asyncio
import json
from dataclasses import asdict
from typing import Any

import pulumi
import pytest
from pulumi import Output

from hosts.errors import HostError
from hosts.local.plan import Network
from stacks.clusters import kubeadm
from stacks.clusters.local import is_same
from stacks.recorded import or_recorded

NETWORK = Network("dev")
LINE = "10.89.0.11 ssh-ed25519 AAAA"


def output(value: Any, known: bool = True) -> Output[Any]:
    async def of(what: Any) -> Any:
        return what

    loop = asyncio.get_event_loop()
    parts: list[Any] = [set(), value, known, False]
    return Output(*(loop.create_task(of(each)) for each in parts))


def told(of: Output[Any], record: str | None, holds: Output[Any]) -> tuple[bool, Any]:
    async def ask() -> tuple[bool, Any]:
        outputs = {} if record is None else {"kubeconfig": record}
        found = or_recorded(of, "kubeconfig", output(outputs), holds)
        return await found.is_known(), await found.future()

    return asyncio.get_event_loop().run_until_complete(ask())


@pytest.fixture(autouse=True)
def _loop(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()
    # Others in this process find one that is open.
    asyncio.set_event_loop(asyncio.new_event_loop())


def test_what_a_preview_does_not_know_is_what_the_state_has_where_that_still_holds() -> None:
    assert told(output(None, known=False), "recorded", output(True)) == (True, "recorded")


@pytest.mark.parametrize("holds", [(False, True), (True, False)], ids=["it doesn't hold", "nobody knows"])
def test_it_stays_unknown_where_the_record_may_be_of_another_cluster(holds: tuple[bool, bool]) -> None:
    assert told(output(None, known=False), "recorded", output(*holds))[0] is False


def test_what_is_known_is_taken_as_it_is() -> None:
    assert told(output("new"), "recorded", output(True)) == (True, "new")
    assert told(output(None, known=False), None, output(True))[0] is False


def test_an_up_never_asks_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    unknown = output(None, known=False)
    assert or_recorded(unknown, "kubeconfig", output({"kubeconfig": "old"}), output(True)) is unknown


@pytest.mark.parametrize(
    ("profile", "hosts", "same"),
    [
        (asdict(NETWORK), f"{LINE}\n10.89.0.21 x\n", True),
        ({}, f"{LINE}\n", True),
        ({**asdict(NETWORK), "egress": True}, f"{LINE}\n", False),
        (asdict(NETWORK), "10.89.0.11 ssh-ed25519 BBBB\n", False),
    ],
    ids=["the same", "an earlier checkout's", "another network", "another node"],
)
def test_a_recorded_cluster_is_told_by_its_network_and_its_control_planes_key(
    profile: dict[str, Any], hosts: str, same: bool
) -> None:
    record = {"merged_profile": json.dumps({"cluster": profile}), "ssh": {"known_hosts": hosts}}
    assert is_same(record, NETWORK, LINE) is same
    assert not is_same({}, NETWORK, LINE)


def test_a_preview_says_what_up_would_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = kubeadm._ControlPlaneProvider()
    monkeypatch.setattr("hosts.cluster.initialised", lambda host: True)
    monkeypatch.setattr("hosts.cluster.ready", lambda address: True)
    host = {"name": "a", "address": "10.89.0.11", "private_key": "k", "host_public_key": "p"}
    olds = {"host": host, "cluster": {"pod_range": "10.244.0.0/16"}, "node": {"peers": {}}}
    assert provider.diff("a", olds, {**olds, "node": {"peers": {"x": "y"}}}).changes
    with pytest.raises(HostError, match="pod_range of a cluster can't be changed"):
        provider.diff("a", olds, {**olds, "cluster": {"pod_range": "10.245.0.0/16"}})
    unknown = {**host, "private_key": pulumi.runtime.rpc.UNKNOWN}
    assert provider.diff("a", olds, {**olds, "host": unknown, "cluster": {"pod_range": "10.245.0.0/16"}}).changes
