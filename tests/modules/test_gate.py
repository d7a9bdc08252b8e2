import pickle
import threading
from typing import Any

import dill
import pytest

from modules import gate
from modules.checks import Exists, to_data
from modules.gate import NotReadyError, ReadyProvider
from tests.modules.fake_api import FakeApi

PATH = "/api/v1/namespaces/n/configmaps/c"


def props(api: FakeApi, seconds: float) -> dict[str, Any]:
    return {
        "module": "example",
        "namespace": "n",
        "kubeconfig": api.kubeconfig,
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


def test_only_other_contents_or_checks_make_a_gate_wait_again(api: FakeApi) -> None:
    before = props(api, 1)
    remembered = {key: value for key, value in before.items() if key != "kubeconfig"}
    provider = ReadyProvider()
    assert not provider.diff("example", remembered, {**before, "kubeconfig": "other", "seconds": 9}).changes
    assert provider.diff("example", remembered, {**before, "contents": "def"}).changes
    assert provider.diff("example", remembered, {**before, "checks": []}).changes


def test_the_provider_travels_as_a_reference_and_holds_no_code() -> None:
    pickled = dill.dumps(ReadyProvider(), protocol=pickle.DEFAULT_PROTOCOL, recurse=True)
    assert b"modules.gate" in pickled
    assert len(pickled) < 200
