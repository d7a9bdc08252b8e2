"""What a team's route refers to in another namespace: the entry point leaves it out, and says so."""

from collections.abc import Callable

import pytest

from modules.contract.api import Object
from smoke_tests.support.cluster import GRPC_ROUTE, HTTP_ROUTE, Cluster, Kind
from smoke_tests.support.entry import ROUTE_SECONDS, route, status_of, team_host
from smoke_tests.support.team import Team
from smoke_tests.support.workload import service

OWN: Object = {"name": "own", "port": 80}
ELSEWHERE: Object = {"name": "kubernetes", "namespace": "default", "port": 443}
"""A Service of another namespace."""
MIRROR: Object = {"type": "RequestMirror", "requestMirror": {"backendRef": ELSEWHERE}}


@pytest.fixture(scope="module")
def team(cluster: Cluster, shared_teams: Callable[..., Team]) -> Team:
    """A team with a Service, behind which need be nothing."""
    made = shared_teams()
    cluster.create(service("own", made.namespace, {"app": "own"}, 80))
    return made


@pytest.mark.parametrize(
    ("name", "kind", "rule", "reason"),
    [
        ("leads", HTTP_ROUTE, {"backendRefs": [ELSEWHERE]}, "RefNotPermitted"),
        ("calls", GRPC_ROUTE, {"backendRefs": [ELSEWHERE]}, "RefNotPermitted"),
        ("copies", HTTP_ROUTE, {"filters": [MIRROR], "backendRefs": [OWN]}, "RefNotPermitted"),
        ("copies-there", HTTP_ROUTE, {"backendRefs": [{**OWN, "filters": [MIRROR]}]}, "UnsupportedRefValue"),
    ],
)
def test_a_route_of_a_team_sends_nothing_to_another_namespace(
    member: Cluster, team: Team, name: str, kind: Kind, rule: Object, reason: str
) -> None:
    made = route(name, team.namespace, team_host(member, name, team.name), [rule])
    member.create(made if kind is HTTP_ROUTE else made | {"kind": "GRPCRoute"})
    found = member.wait_for(
        kind,
        name,
        team.namespace,
        lambda found: status_of(found, "ResolvedRefs").get("status") == "False",
        ROUTE_SECONDS,
    )
    assert status_of(found, "ResolvedRefs")["reason"] == reason
