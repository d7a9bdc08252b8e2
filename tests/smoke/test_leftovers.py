from types import SimpleNamespace
from typing import Any

import pytest

from modules.contract.api import Object
from profiles.load import load
from smoke_tests.support import leftovers, pods


class Servers:
    """A cluster that runs every pod, each of which names two things."""

    def __init__(self, profile: str) -> None:
        self.environment = SimpleNamespace(profile=load(profile))
        self.ran: list[Object] = []

    def find(self, kind: object) -> list[Object]:
        return [{"metadata": {"name": name}} for name in ("default", "smoke-1a2b3c4d", "team-a")]

    def output(self, _: Any, pod: Object, __: float) -> str:
        self.ran.append(pod)
        return "one\ntwo\n"

    def remove(self, kind: object, name: str, namespace: str) -> None:
        assert (name, namespace) in [pods.name_of(pod) for pod in self.ran]


def cleared(profile: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, int], list[Object]]:
    """What was counted, and the pods that were run."""
    servers: Any = Servers(profile)
    monkeypatch.setattr(pods, "output", servers.output)
    return leftovers.clear(servers), servers.ran


def test_every_server_gives_up_what_nobody_has_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, ran = cleared("laptop", monkeypatch)
    assert counts == {"databases": 2, "buckets": 2, "workspaces": 2, "repositories": 2}
    assert sorted(pod["metadata"]["namespace"] for pod in ran) == ["database", "object-store", "registry", "tracking"]
    for pod in ran:
        [container] = pod["spec"]["containers"]
        # With the administrator's credentials, or at the volume itself, and with nobody's own.
        assert "-nobody" not in str(container["env"]), "a Secret of the account itself"
        assert "administrator" in str(container["env"]).lower() or "data-registry-0" in str(pod["spec"]["volumes"])
        # A team that is there is somebody else's.
        assert {"name": "THERE", "value": "smoke-1a2b3c4d"} in container["env"]


def test_a_platform_without_such_servers_has_nothing_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cleared("mini", monkeypatch) == ({}, [])
