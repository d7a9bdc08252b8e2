import pytest

from cairn.cut_off import RELEASE, let_go
from cairn.state import State
from profiles.load import load
from tests.fake_api import FakeApi

MINI = load("mini")
SPACE = "/api/v1/namespaces/kueue-system"
RECORD = f"{SPACE}/secrets/sh.helm.release.v1.kueue.v1"
URN = f"urn:pulumi:dev::cairn::cairn:module:queueing${RELEASE}::kueue"


@pytest.fixture
def helm(api: FakeApi) -> FakeApi:
    """A cluster on which Helm remembers one revision of Kueue, in a namespace of the environment `dev`."""
    api.objects[SPACE] = {"metadata": {"labels": {"cairn/environment": "dev"}}}
    api.objects[f"{SPACE}/secrets"] = {"items": [{"metadata": {"name": RECORD.rpartition("/")[2]}}]}
    api.objects[RECORD] = {"metadata": {}}
    return api


def state(api: FakeApi, *releases: str) -> State:
    provider = {"type": "pulumi:providers:kubernetes", "inputs": {"kubeconfig": api.kubeconfig}}
    return State([provider, *({"type": RELEASE, "inputs": {"name": name}} for name in releases)])


def deleted(api: FakeApi) -> list[str]:
    return [path for method, path in api.calls if method == "DELETE"]


def test_a_release_that_was_made_and_never_recorded_is_forgotten_by_helm_so_that_it_is_taken_over(
    helm: FakeApi,
) -> None:
    let_go("dev", state(helm), MINI, [URN])
    assert deleted(helm) == [RECORD]


def test_somebody_elses_release_is_left_alone(helm: FakeApi) -> None:
    let_go("other", state(helm), MINI, [])
    assert deleted(helm) == []


def test_of_an_update_that_was_cut_off_only_the_unfinished_revision_goes(helm: FakeApi) -> None:
    let_go("dev", state(helm, "kueue"), MINI, [URN])
    [asked] = [path for method, path in helm.calls if path.startswith(f"{SPACE}/secrets?")]
    assert "status%20in%20(pending-install%2Cpending-upgrade%2Cpending-rollback)" in asked
    assert deleted(helm) == [RECORD]


def test_a_release_that_is_recorded_and_was_not_touched_costs_no_question(helm: FakeApi) -> None:
    let_go("dev", state(helm, "kueue"), MINI, [])
    assert not [path for _, path in helm.calls if path.startswith(SPACE)]


def test_an_environment_without_a_cluster_has_nothing_to_forget(helm: FakeApi) -> None:
    let_go("dev", State(), MINI, [URN])
    assert helm.calls == []
