"""What an InferenceService can't have: its node's directories, ports and network, and a name that fits into no host."""

from collections.abc import Callable

import pytest

from modules.contract.api import ApiError, Object
from modules.models.serving_runtimes import ACCOUNT
from smoke_tests.support.cluster import DEPLOYMENT, EVENT, POD, Cluster
from smoke_tests.support.models import inference_service
from smoke_tests.support.owners import TOO_MUCH
from smoke_tests.support.team import Team
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import pod_spec

TOLD_SECONDS = 60
"""KServe makes a Deployment at once; two busy cores take their time for what follows."""


@pytest.fixture(scope="module")
def team(shared_teams: Callable[..., Team]) -> Team:
    """A team whose models have nothing to run on, so that only what is said of them counts."""
    return shared_teams(cpu="0")


@pytest.mark.parametrize(
    ("name", "of_the_pod", "of_the_container", "word"),
    [
        ("directory", {"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}, {}, "hostPath"),
        ("port", {}, {"ports": [{"containerPort": 8080, "hostPort": 6443}]}, "hostPort"),
        ("network", {"hostNetwork": True}, {}, "host namespaces"),
    ],
)
def test_a_model_takes_nothing_of_its_node_and_its_team_is_told(
    member: Cluster, team: Team, name: str, of_the_pod: Object, of_the_container: Object, word: str
) -> None:
    manifest = inference_service(name, team.namespace, "sklearn", "s3://a/b")
    container = {**pod_spec("")["containers"][0], "name": "kserve-container", **of_the_container}
    manifest["spec"]["predictor"] = {"serviceAccountName": ACCOUNT, "containers": [container], **of_the_pod}
    member.create(manifest)

    def told() -> list[str]:
        found = [each.get("message", "") for each in member.find(EVENT, team.namespace)]
        return [message for message in found if f"{name}-predictor" in message and "violates PodSecurity" in message]

    assert word in until(told, TOLD_SECONDS, "an event that says why")[0]
    assert member.find(POD, team.namespace, f"app=isvc.{name}-predictor") == []


def test_a_models_name_is_refused_when_it_fits_into_no_host(member: Cluster, team: Team) -> None:
    def make(name: str) -> Object:
        made = inference_service(name, team.namespace, "sklearn", "s3://a/b")
        made["spec"]["predictor"]["model"]["resources"] = {"requests": {"cpu": TOO_MUCH}}
        return member.create(made)

    longest = "m" * (51 - len(team.name))
    with pytest.raises(ApiError, match=f"names of InferenceServices have {len(longest)} letters at most here"):
        make(f"{longest}m")
    make(longest)
    member.wait_for(DEPLOYMENT, f"{longest}-predictor", team.namespace, bool, TOLD_SECONDS)
