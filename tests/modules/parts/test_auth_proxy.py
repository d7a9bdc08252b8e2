import json
from typing import Any

from modules.parts.auth_proxy import Resource, auth_proxy, objects, volume

MODELS = Resource("red", "serving.kserve.io", "inferenceservices")


def flags(container: dict[str, Any]) -> dict[str, str]:
    return dict(argument.split("=", 1) for argument in container["args"])


def asked(resource: Resource) -> dict[str, str]:
    rules: dict[str, Any] = json.loads(objects(resource, "red", "default")[0]["data"]["rules.json"])
    attributes: dict[str, str] = rules["authorization"]["resourceAttributes"]
    return attributes


def test_the_sidecar_hands_on_to_a_port_that_only_the_pod_itself_reaches() -> None:
    told = flags(auth_proxy(8443, 8080))
    assert told["--upstream"] == "http://127.0.0.1:8080/"
    assert told["--insecure-listen-address"] == "0.0.0.0:8443"
    assert "--ignore-paths" not in told


def test_only_the_paths_that_are_named_are_open() -> None:
    assert flags(auth_proxy(1, 2, ("/health", "/ready")))["--ignore-paths"] == "/health,/ready"


def test_what_a_caller_must_be_allowed_is_said_in_rbacs_words() -> None:
    assert asked(MODELS) == {"namespace": "red", "apiGroup": "serving.kserve.io", "resource": "inferenceservices"}
    assert asked(Resource("red", "", "services", "proxy", "x")) == {
        "namespace": "red",
        "resource": "services",
        "subresource": "proxy",
        "name": "x",
    }


def test_the_sidecar_reads_its_rules_and_its_token_from_the_volume_of_the_pod() -> None:
    container = auth_proxy(1, 2)
    [mount] = container["volumeMounts"]
    made = volume("of-mine")
    paths = [
        source["serviceAccountToken"]["path"]
        if "serviceAccountToken" in source
        else source["configMap"]["items"][0]["path"]
        for source in made["projected"]["sources"]
    ]
    assert mount["name"] == made["name"]
    assert sorted(paths) == ["ca.crt", "rules.json", "token"]
    assert flags(container)["--config-file"] == f"{mount['mountPath']}/rules.json"
    assert [source["configMap"]["name"] for source in made["projected"]["sources"][1:]] == [
        "kube-root-ca.crt",
        objects(MODELS, "red", "default", "of-mine")[0]["metadata"]["name"],
    ]


def test_the_account_may_ask_the_api_server_and_nothing_else() -> None:
    _, binding = objects(MODELS, "red", "serving")
    assert binding["roleRef"]["name"] == "system:auth-delegator"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "serving", "namespace": "red"}]


def test_each_namespace_and_account_has_a_binding_of_its_own() -> None:
    names = {objects(MODELS, place, who)[1]["metadata"]["name"] for place in ("a", "b") for who in ("x", "y")}
    assert len(names) == 4


def test_the_sidecar_fits_namespaces_that_allow_little() -> None:
    context = auth_proxy(1, 2)["securityContext"]
    assert context["runAsNonRoot"] and not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_without_a_resource_it_is_the_requests_own_path_that_must_be_allowed() -> None:
    rules, _ = objects(None, "features", "features")
    assert json.loads(rules["data"]["rules.json"]) == {"authorization": {}}
