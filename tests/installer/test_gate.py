import pickle
import threading
import time
from typing import Any

import dill
import pulumi
import pytest

from installer import gate
from installer.gate import NotReadyError, ReadyProvider
from modules.contract.checks import Exists, to_data
from tests.fake_api import FakeApi

PATH = "/api/v1/namespaces/n/configmaps/c"


def props(api: FakeApi, seconds: float) -> dict[str, Any]:
    return {
        "module": "example",
        "namespace": "n",
        "kubeconfig": api.kubeconfig,
        "cluster": "the-cluster",
        "checks": to_data((Exists(api_version="v1", resource="configmaps", name="c", namespace="n"),)),
        "contents": "abc",
        "seconds": seconds,
    }


def test_a_gate_opens_when_its_checks_hold(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_POLL_SECONDS", 0.01)
    opened: list[Any] = []
    waiting = threading.Thread(target=lambda: opened.append(ReadyProvider().create(props(api, 30))))
    waiting.start()
    assert not opened
    api.objects[PATH] = {}
    waiting.join(30)
    assert opened[0].id == "example"


def test_a_gate_remembers_no_kubeconfig(api: FakeApi) -> None:
    api.objects[PATH] = {}
    outs = ReadyProvider().create(props(api, 1)).outs
    assert outs is not None
    assert "secret-token" not in str(outs)


def test_a_gate_that_stays_shut_tells_the_checks_and_the_clusters_own_events(api: FakeApi) -> None:
    event = {
        "involvedObject": {"kind": "Pod", "name": "p"},
        "reason": "Failed",
        "message": "Error: ImagePullBackOff",
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }
    api.objects["/api/v1/namespaces/n/events"] = {"items": [event, event]}
    with pytest.raises(NotReadyError) as caught:
        ReadyProvider().create(props(api, 0))
    assert str(caught.value).splitlines() == [
        "example is not ready after 0 s:",
        "  configmaps n/c: not there",
        "  event: Pod p: Failed: Error: ImagePullBackOff",
    ]


def test_other_contents_checks_or_another_cluster_make_a_gate_wait_again(api: FakeApi) -> None:
    api.objects |= {PATH: {}, "/version": {}}
    before = props(api, 1)
    remembered = {key: value for key, value in before.items() if key != "kubeconfig"}
    provider = ReadyProvider()
    assert not provider.diff(
        "example", remembered, {**before, "kubeconfig": f"{api.kubeconfig} ", "seconds": 9}
    ).changes
    for key, value in {"contents": "def", "checks": [], "cluster": "another"}.items():
        assert provider.diff("example", remembered, {**before, key: value}).changes


def test_a_gate_waits_again_when_what_it_waited_for_no_longer_serves(api: FakeApi) -> None:
    api.objects |= {PATH: {}, "/version": {}}
    made = props(api, 1)
    provider = ReadyProvider()
    assert not provider.diff("example", made, made).changes
    del api.objects[PATH]
    assert provider.diff("example", made, made).changes


def test_a_cluster_that_does_not_answer_counts_as_not_serving_at_once(api: FakeApi) -> None:
    made = {**props(api, 1), "checks": []}
    gone = FakeApi(1).kubeconfig
    start = time.monotonic()
    assert ReadyProvider().diff("example", made, {**made, "kubeconfig": gone}).changes
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("kubeconfig", [pulumi.runtime.rpc.UNKNOWN, None, object()])
def test_a_kubeconfig_that_a_preview_does_not_know_yet_means_waiting(api: FakeApi, kubeconfig: object) -> None:
    made = {**props(api, 1), "checks": []}
    assert ReadyProvider().diff("example", made, {**made, "kubeconfig": kubeconfig}).changes


def test_the_provider_travels_as_a_reference_and_holds_no_code() -> None:
    pickled = dill.dumps(ReadyProvider(), protocol=pickle.DEFAULT_PROTOCOL, recurse=True)
    assert b"installer.gate" in pickled
    assert len(pickled) < 200
