from typing import Any

import pytest

from installer.entry_point import entry_point, names
from modules.cluster.gateway import MODULE, TLS_SECRET, authority_for
from modules.contract.api import Object
from modules.contract.credentials import Authority, Part
from modules.contract.lock import lock
from modules.contract.module import Module
from modules.contract.team import TeamPart
from modules.parts.routes import NAMESPACE, ROUTES_LABEL, host, parent, route_for, team_hosts
from modules.people.teams import team_objects
from modules.validation import load as validated
from profiles.errors import ProfileError
from profiles.load import load
from profiles.schema import Profile
from profiles.teams import Team


def profile(**settings: object) -> Profile:
    return load("laptop", {"modules.gateway": {"domain": "lab.test", **settings}})


def one(objects: list[Object], kind: str, name: str = "") -> Object:
    [found] = [made for made in objects if made["kind"] == kind and name in made["metadata"]["name"]]
    return found


def listener(objects: list[Object], name: str) -> dict[str, Any]:
    return next(dict(each) for each in one(objects, "Gateway")["spec"]["listeners"] if each["name"] == name)


def test_the_certificate_is_for_every_host_of_the_domain() -> None:
    content = one(MODULE.objects(profile()), "Secret")["stringData"]
    assert isinstance(content["tls.key"], Part)
    assert content["tls.crt"].of.dns_names == ("*.lab.test",)
    assert listener(MODULE.objects(profile()), "https")["tls"]["certificateRefs"] == [
        {"kind": "Secret", "name": TLS_SECRET}
    ]


def test_an_issuer_makes_the_certificate_in_place_of_the_environments_authority() -> None:
    objects = MODULE.objects(profile(issuer="letsencrypt"))
    assert one(objects, "Gateway")["metadata"]["annotations"] == {"cert-manager.io/cluster-issuer": "letsencrypt"}
    assert not [made for made in objects if made["kind"] in ("Secret", "ConfigMap")]
    assert authority_for("team-a", profile(issuer="letsencrypt")) == []


def test_every_team_finds_what_its_clients_trust() -> None:
    [made] = authority_for("team-a", profile())
    assert made["metadata"]["namespace"] == "team-a"
    assert made["data"]["ca.crt"] == Authority()


def test_a_local_entry_point_is_at_the_control_planes_address_whichever_node_the_proxy_runs_on() -> None:
    made = load("laptop", {"modules.gateway": {}, "cluster.address_range": "10.93.0.0/24"})
    assert one(MODULE.objects(made), "Gateway")["spec"]["addresses"] == [{"type": "IPAddress", "value": "10.93.0.11"}]
    service = one(MODULE.objects(made), "EnvoyProxy")["spec"]["provider"]["kubernetes"]["envoyService"]
    assert service["externalTrafficPolicy"] == "Cluster"


def test_on_an_existing_cluster_its_load_balancer_gives_the_address_unless_one_is_named() -> None:
    existing: dict[str, object] = {"cluster.provider": "existing", "modules.gateway": {}}
    assert "addresses" not in one(MODULE.objects(load("laptop", existing)), "Gateway")["spec"]
    named = load("laptop", {**existing, "modules.gateway": {"addresses": ["192.0.2.7"]}})
    assert one(MODULE.objects(named), "Gateway")["spec"]["addresses"][0]["value"] == "192.0.2.7"


def test_plain_http_is_for_the_redirect_alone() -> None:
    objects = MODULE.objects(profile())
    assert listener(objects, "http")["allowedRoutes"] == {"namespaces": {"from": "Same"}}
    [rule] = one(objects, "HTTPRoute")["spec"]["rules"]
    assert rule["filters"][0]["requestRedirect"]["scheme"] == "https"
    assert "backendRefs" not in rule


def test_routes_are_taken_from_the_platform_and_from_teams_alone() -> None:
    selector = listener(MODULE.objects(profile()), "https")["allowedRoutes"]["namespaces"]["selector"]
    assert [each["key"] for each in selector["matchExpressions"]] == [ROUTES_LABEL]
    assert ROUTES_LABEL in one(team_objects("red", Team(), profile(), TeamPart()), "Namespace")["metadata"]["labels"]


def test_the_proxys_image_is_the_catalogs_wherever_it_is_named() -> None:
    values, objects = MODULE.values(profile()), MODULE.objects(profile())
    container = one(objects, "EnvoyProxy")["spec"]["provider"]["kubernetes"]["envoyDeployment"]["container"]
    assert container["image"] == values["global"]["images"]["envoyProxy"]["image"] == lock().image("envoy")


def test_the_log_holds_no_query_since_presigned_urls_carry_their_signature_there() -> None:
    [setting] = one(MODULE.objects(profile()), "EnvoyProxy")["spec"]["telemetry"]["accessLog"]["settings"]
    assert setting["format"]["json"]["path"] == "%PATH(NQ)%"
    assert not [field for field in setting["format"]["json"].values() if "ORIGINAL-PATH" in field or "(:PATH" in field]


def test_a_service_of_the_platform_has_a_host_of_its_own_if_there_is_a_gateway() -> None:
    [route] = route_for("tracking", "tracking", "server", 5000, profile())
    assert route["spec"]["hostnames"] == ["tracking.lab.test"] == [host("tracking", profile())]
    assert route["spec"]["parentRefs"] == [parent()] and parent()["namespace"] == NAMESPACE
    assert route["spec"]["rules"] == [{"backendRefs": [{"name": "server", "port": 5000}]}]
    assert route_for("tracking", "tracking", "server", 5000, load("mini")) == []
    assert host("tracking", load("mini")) == team_hosts("red", load("mini")) == ""


def test_no_teams_hosts_can_be_another_teams_or_the_platforms() -> None:
    ends = [team_hosts(team, profile()) for team in ("a", "b-a", "a-b", "team-a")]
    assert ends[0] == "--a.lab.test"
    assert not [(one, two) for one in ends for two in ends if one is not two and one.endswith(two)]
    with pytest.raises(ProfileError, match="two dashes"):
        load("laptop", {"teams": {"x--a": {}}})


def test_the_entry_point_names_the_hosts_of_the_modules_that_are_on(monkeypatch: pytest.MonkeyPatch) -> None:
    served = Module(name="served", summary="", objects=lambda made: route_for("served", "x", "y", 1, made))
    monkeypatch.setattr("installer.entry_point.enabled", lambda _: [MODULE, served])
    found = entry_point(profile())
    assert found is not None
    assert found.hosts == ("served.lab.test",)
    assert names(profile()) == ()
    assert names(profile(etc_hosts={"also": ["iris--red"]})) == ("served.lab.test", "iris--red.lab.test")
    assert entry_point(load("mini")) is None


def test_names_on_this_machine_need_an_address_on_an_existing_cluster() -> None:
    with pytest.raises(ProfileError, match=r"modules\.gateway\.addresses"):
        validated("laptop", {"cluster.provider": "existing", "modules.gateway": {"etc_hosts": {}}})
