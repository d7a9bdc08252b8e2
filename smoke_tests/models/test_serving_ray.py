"""Ray Serve as `examples/ray-serve` has it: a service that stays, through its team's queue, behind the same door."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
import yaml

from catalog.directories import REPOSITORY
from modules.contract.api import Object
from smoke_tests.support.admission import workload_of
from smoke_tests.support.cluster import RAY_SERVICE, Cluster, is_true
from smoke_tests.support.entry import ROUTE_SECONDS, Entry, route, team_host
from smoke_tests.support.models import Caller
from smoke_tests.support.team import Team, kubeconfig, token
from smoke_tests.support.waiting import until

pytestmark = pytest.mark.together("serving")

EXAMPLE = REPOSITORY / "examples" / "ray-serve"
NAME = "ray-serve"
READY_SECONDS = 300
"""Ray's start, the controller's looks at it, and two replicas, on two busy cores."""


class Service(NamedTuple):
    """The example as it runs: whose it is, where it answers, who asks."""

    team: Team
    host: str
    caller: Caller


@pytest.fixture(scope="module")
def service(cluster: Cluster, shared_teams: Callable[..., Team]) -> Service:
    """The example, applied by a member, and a route to it."""
    team = shared_teams()
    member, entry = cluster.as_user(kubeconfig(cluster, team)), Entry(cluster)
    script = {"scores.py": (EXAMPLE / "scores.py").read_text()}
    config: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": script}
    for manifest in (config, yaml.safe_load((EXAMPLE / "service.yaml").read_text())):
        member.create(manifest | {"metadata": manifest["metadata"] | {"namespace": team.namespace}})
    host = team_host(cluster, "scores", team.name)
    there = {"name": f"{NAME}-serve-svc", "port": 8000}
    member.create(route(NAME, team.namespace, host, [{"backendRefs": [there]}]))
    member.wait_for(RAY_SERVICE, NAME, team.namespace, lambda found: is_true(found, "Ready"), READY_SECONDS)
    caller = Caller(entry, token(cluster, team))
    until(lambda: caller.ask(host, "/-/healthz").status_code == 200, ROUTE_SECONDS, host)
    return Service(team, host, caller)


def test_a_ray_service_answers_with_each_of_its_replicas(service: Service) -> None:
    replicas = set()

    def both() -> bool:
        answer = service.caller.ask(service.host, "/", {"records": [1, 2, 1001]})
        assert answer.status_code == 200, answer.text
        assert answer.json()["scores"] == [0.761, 0.522, 0.761]
        replicas.add(answer.json()["replica"])
        return len(replicas) == 2

    until(both, 30, "an answer of each of two replicas")


def test_a_ray_service_answers_nobody_without_a_token_of_the_team(
    service: Service, cluster: Cluster, teams: Callable[..., Team]
) -> None:
    for caller, status in ((None, 401), (token(cluster, teams()), 403)):
        assert Caller(Entry(cluster), caller).ask(service.host, "/", {"records": [1]}).status_code == status


def test_a_ray_service_went_through_its_teams_queue(service: Service, cluster: Cluster) -> None:
    queued = workload_of(cluster, service.team, "RayService")
    assert is_true(queued, "Admitted")
    assert queued["status"]["admission"]["clusterQueue"] == service.team.name
