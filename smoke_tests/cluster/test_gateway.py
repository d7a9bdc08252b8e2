"""The gateway module: what answers at which host, to whom, and who may claim a host."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import pytest
import yaml

from installer.authority import new_authority
from modules.contract.api import ApiError, Object
from modules.parts import auth_proxy
from modules.parts.auth_proxy import Resource
from modules.parts.routes import host
from smoke_tests.support import pods
from smoke_tests.support.cluster import CONFIG_MAP, HTTP_ROUTE, POD, Cluster, is_true, kind_of
from smoke_tests.support.entry import ROUTE_SECONDS, Entry, route, status_of, team_host
from smoke_tests.support.team import Team, kubeconfig
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import pod, service

pytestmark = pytest.mark.together("gateway")

PORT, DOOR = 8080, 8081
CANARY = "x-canary"
SERVE = f"""
import http.server, os
class Here(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        answer = (os.environ["POD_NAME"] + " " + self.headers["Host"] + " " + self.path).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(answer))); self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *words): pass
    def finish(self):
        super().finish()
        print("the client is gone")
http.server.ThreadingHTTPServer(("", {PORT}), Here).serve_forever()
"""


KNOCK = f"""
import os, urllib.error, urllib.request
for port in ({DOOR}, {PORT}):
    try:
        print(urllib.request.urlopen(f"http://{{os.environ['GUARDED']}}:{{port}}", timeout=20).status)
    except urllib.error.HTTPError as refusal:
        print(refusal.code)
    except urllib.error.URLError as failure:
        print("refused" if isinstance(failure.reason, ConnectionRefusedError) else failure)
"""


class Models(NamedTuple):
    """Two servers of a team, and a member's way to the cluster."""

    team: Team
    member: Cluster


@pytest.fixture(scope="module")
def gate(cluster: Cluster) -> Entry:
    return Entry(cluster)


@pytest.fixture(scope="module")
def client(gate: Entry) -> httpx.Client:
    return gate.client()


@pytest.fixture(scope="module")
def models(cluster: Cluster, shared_teams: Callable[..., Team]) -> Models:
    """A stable server and a canary, made by a member."""
    team = shared_teams()
    member = cluster.as_user(kubeconfig(cluster, team))
    for name in ("stable", "canary"):
        member.create(pod(name, team.namespace, SERVE, labels={"app": name}))
        member.create(service(name, team.namespace, {"app": name}, PORT))
    for name in ("stable", "canary"):
        cluster.wait_for(POD, name, team.namespace, lambda found: is_true(found, "Ready"), pods.PULL_SECONDS)
    return Models(team, member)


def backend(name: str, weight: int = 1) -> Object:
    return {"name": name, "port": PORT, "weight": weight}


def publish(models: Models, name: str, rules: list[Object]) -> str:
    """Makes a route of the team and returns its host."""
    there = team_host(models.member, name, models.team.name)
    models.member.create(route(name, models.team.namespace, there, rules))
    return there


def test_gateway_is_ready(ready: Callable[[str], None]) -> None:
    ready("gateway")


def test_a_teams_route_answers_over_https_with_a_certificate_that_the_environment_signed(
    gate: Entry, client: httpx.Client, models: Models
) -> None:
    there = publish(models, "plain", [{"backendRefs": [backend("stable")]}])
    gate.until_status(client, there)
    answer = gate.get(client, there, "/a//b%2Fc?d=e")
    # What signatures are made over arrives as it was sent: the host and the path.
    assert answer.text.split() == ["stable", there, "/a//b%2Fc?d=e"]


def test_the_entry_point_gives_an_idle_connection_up_before_servers_do(
    gate: Entry, client: httpx.Client, models: Models
) -> None:
    there = publish(models, "idle", [{"backendRefs": [backend("stable")]}])
    gate.until_status(client, there)
    # This server would keep it for ever; others wait for five seconds.
    until(
        lambda: "the client is gone" in models.member.logs("stable", models.team.namespace), 10, "the connection to go"
    )


def test_a_client_that_trusts_another_authority_refuses(gate: Entry, cluster: Cluster, models: Models) -> None:
    stranger = new_authority("somebody else").certificate
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        gate.get(gate.client(stranger), team_host(cluster, "plain", models.team.name))


def test_plain_http_is_sent_on_to_https(gate: Entry, cluster: Cluster) -> None:
    there = host("anything", cluster.environment.profile)
    answer = httpx.get(f"http://{gate.address}/x?y=z", headers={"Host": there}, trust_env=False, timeout=20)
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{there}/x?y=z"


def test_a_host_that_nobody_claimed_is_not_found(gate: Entry, client: httpx.Client, cluster: Cluster) -> None:
    assert gate.get(client, host("nobody", cluster.environment.profile)).status_code == 404


def test_weights_share_requests_out(gate: Entry, client: httpx.Client, models: Models) -> None:
    there = publish(models, "weighed", [{"backendRefs": [backend("stable", 80), backend("canary", 20)]}])
    gate.until_status(client, there)
    answers = Counter(gate.get(client, there).text.split()[0] for _ in range(100))
    # Envoy draws each time: four standard deviations about 20.
    assert set(answers) == {"stable", "canary"}
    assert 4 <= answers["canary"] <= 36, answers


def test_a_header_chooses_the_server(gate: Entry, client: httpx.Client, models: Models) -> None:
    matched = {"matches": [{"headers": [{"name": CANARY, "value": "always"}]}], "backendRefs": [backend("canary")]}
    there = publish(models, "chosen", [matched, {"backendRefs": [backend("stable")]}])
    gate.until_status(client, there)
    for header, expected in (({CANARY: "always"}, "canary"), ({CANARY: "never"}, "stable"), ({}, "stable")):
        assert gate.get(client, there, headers=header).text.split()[0] == expected


def test_a_route_to_a_service_that_is_not_there_says_so(gate: Entry, client: httpx.Client, models: Models) -> None:
    there = publish(models, "nowhere", [{"backendRefs": [backend("missing")]}])
    found = models.member.wait_for(
        HTTP_ROUTE,
        "nowhere",
        models.team.namespace,
        lambda found: status_of(found, "ResolvedRefs").get("status") == "False",
        ROUTE_SECONDS,
    )
    said = status_of(found, "ResolvedRefs")
    assert said["reason"] == "BackendNotFound"
    assert "missing" in said["message"]
    gate.until_status(client, there, lambda status: status >= 500)


def test_an_invalid_route_is_refused_with_a_message(models: Models) -> None:
    with pytest.raises(ApiError, match=r"rules\[0\]\.backendRefs\[0\]\.weight.*less than or equal to 1000000"):
        publish(models, "heavy", [{"backendRefs": [backend("stable", 2_000_000)]}])


@pytest.mark.parametrize("wanted", ["tracking.{domain}", "{name}--another.{domain}", "*.{domain}", "{name}.{domain}"])
def test_a_team_cannot_claim_a_host_that_is_not_its_own(gate: Entry, models: Models, wanted: str) -> None:
    claimed = wanted.format(domain=gate.domain, name=models.team.name)
    with pytest.raises(ApiError, match=rf"such as my-model--{models.team.name}\.{gate.domain}") as error:
        models.member.create(route("claims", models.team.namespace, claimed, [{"backendRefs": [backend("stable")]}]))
    assert error.value.status == 422


def test_a_team_cannot_claim_every_host_by_naming_none(models: Models) -> None:
    everything = route("claims", models.team.namespace, "", [{"backendRefs": [backend("stable")]}])
    del everything["spec"]["hostnames"]
    with pytest.raises(ApiError, match="routes need hostnames"):
        models.member.create(everything)


def test_a_team_cannot_move_a_route_of_its_own_to_another_host(models: Models) -> None:
    publish(models, "moving", [{"backendRefs": [backend("stable")]}])
    elsewhere = [team_host(models.member, "moving", "another")]
    with pytest.raises(ApiError, match="each ends in"):
        models.member.change(
            HTTP_ROUTE, "moving", models.team.namespace, lambda found: found["spec"].update(hostnames=elsewhere)
        )


def test_a_team_cannot_route_to_another_namespace(
    gate: Entry, client: httpx.Client, models: Models, cluster: Cluster
) -> None:
    elsewhere = {"name": "kubernetes", "namespace": "default", "port": 443}
    there = publish(models, "elsewhere", [{"backendRefs": [elsewhere]}])
    found = cluster.wait_for(
        HTTP_ROUTE,
        "elsewhere",
        models.team.namespace,
        lambda found: status_of(found, "ResolvedRefs").get("status") == "False",
        ROUTE_SECONDS,
    )
    assert status_of(found, "ResolvedRefs")["reason"] == "RefNotPermitted"
    gate.until_status(client, there, lambda status: status >= 500)


def test_a_namespace_without_the_platforms_label_has_no_routes(cluster: Cluster) -> None:
    name = "smoke-unlabelled"
    claimed = route(name, "default", host("unlabelled", cluster.environment.profile), [{"backendRefs": [backend("x")]}])
    cluster.create(claimed)
    try:
        found = cluster.wait_for(
            HTTP_ROUTE,
            name,
            "default",
            lambda found: status_of(found, "Accepted").get("status") == "False",
            ROUTE_SECONDS,
        )
    finally:
        cluster.remove(HTTP_ROUTE, name, "default")
    assert status_of(found, "Accepted")["reason"] == "NotAllowedByListeners"


def test_a_team_of_the_profile_finds_what_its_clients_trust(gate: Entry, cluster: Cluster) -> None:
    for team in cluster.environment.profile.teams:
        found = cluster.get(CONFIG_MAP, "authority", team)
        assert found is not None and found["data"]["ca.crt"] == gate.authority


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, gate: Entry, client: httpx.Client, models: Models) -> Iterator[str]:
    """The host of a server that has no authentication and listens to its own pod alone, behind the sidecar."""
    namespace, account = models.team.namespace, {"apiVersion": "v1", "kind": "ServiceAccount"}
    cluster.create({**account, "metadata": {"name": "guarded", "namespace": namespace}})
    rules, binding = auth_proxy.objects(Resource(namespace, "", "configmaps"), namespace, "guarded", "guarded")
    cluster.create(rules)
    cluster.create(binding)
    manifest = pod("guarded", namespace, SERVE.replace('("",', '("127.0.0.1",'), labels={"app": "guarded"})
    manifest["spec"]["serviceAccountName"] = "guarded"
    manifest["spec"]["containers"].append(auth_proxy.auth_proxy(DOOR, PORT, ("/open",)))
    manifest["spec"]["volumes"] = [auth_proxy.volume("guarded")]
    pods.start(cluster, manifest)
    cluster.create(service("guarded", namespace, {"app": "guarded"}, DOOR))
    there = publish(models, "guarded", [{"backendRefs": [{"name": "guarded", "port": DOOR}]}])
    gate.until_status(client, there, lambda status: status == 401)
    yield there
    cluster.remove(kind_of(binding), binding["metadata"]["name"])


def test_without_a_token_nobody_reaches_a_server_that_has_no_authentication(
    gate: Entry, client: httpx.Client, guarded: str
) -> None:
    assert gate.get(client, guarded).status_code == 401
    assert gate.get(client, guarded, headers={"Authorization": "Bearer made-up"}).status_code == 401
    assert gate.get(client, guarded, "/open").status_code == 200


def test_a_teams_token_opens_the_teams_own_door_and_no_other(
    gate: Entry, client: httpx.Client, models: Models, cluster: Cluster, teams: Callable[..., Team], guarded: str
) -> None:
    own, other = (token(cluster, team) for team in (models.team, teams()))
    answer = gate.get(client, guarded, headers={"Authorization": f"Bearer {own}"})
    assert (answer.status_code, answer.text.split()[0]) == (200, "guarded")
    refused = gate.get(client, guarded, headers={"Authorization": f"Bearer {other}"})
    assert (refused.status_code, "configmaps" in refused.text) == (403, True)


def test_the_door_is_shut_inside_the_cluster_too(cluster: Cluster, models: Models, guarded: str) -> None:
    found = cluster.get(POD, "guarded", models.team.namespace)
    assert found is not None and guarded
    knock = pod("knocks", models.team.namespace, KNOCK)
    knock["spec"]["containers"][0]["env"].append({"name": "GUARDED", "value": found["status"]["podIP"]})
    assert pods.output(cluster, knock).split() == ["401", "refused"]


def token(cluster: Cluster, team: Team) -> str:
    """A member's token, as it stands in the kubeconfig that the member is given."""
    return str(yaml.safe_load(kubeconfig(cluster, team))["users"][0]["user"]["token"])
