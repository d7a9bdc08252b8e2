from typing import Any

import pytest

from modules.contract.credentials import named
from modules.models import serving
from modules.models.serving import MODULE, configuration, patch
from modules.models.serving_runtimes import for_team, runtimes
from profiles.load import load

LAPTOP = load("laptop")


def webhooks() -> dict[str, Any]:
    return {
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "v", "annotations": {"cert-manager.io/inject-ca-from": "kserve/serving-cert"}},
        "webhooks": [{"clientConfig": {"service": {"name": "s"}}}],
    }


def test_webhooks_trust_the_environments_authority() -> None:
    made = patch(webhooks(), LAPTOP)
    assert made is not None
    assert named(made["webhooks"][0]["clientConfig"]["caBundle"]) == "<base64 of <authority>>"
    assert not made["metadata"]["annotations"]


def test_with_cert_manager_its_certificate_stays_and_none_of_ours_is_made() -> None:
    profile = load("laptop", {"modules.serving.certificates": "cert-manager"})
    assert patch(webhooks(), profile) == webhooks()
    certificate = {"kind": "Certificate", "metadata": {"name": "serving-cert"}}
    assert (patch(certificate, profile), patch(certificate, LAPTOP)) == (certificate, None)
    assert not [made for made in MODULE.objects(profile) if made["kind"] == "Secret"]


@pytest.mark.parametrize(("kind", "name"), sorted(serving._LEFT_OUT))
def test_the_managers_metrics_are_left_out(kind: str, name: str) -> None:
    assert patch({"kind": kind, "metadata": {"name": name}}, LAPTOP) is None


def test_the_manager_runs_alone_with_the_catalogs_image_and_small_requests() -> None:
    containers: list[dict[str, Any]] = [
        {"name": "kube-rbac-proxy"},
        {"name": "manager", "image": "kserve", "args": ["--leader-elect", "--x"], "readinessProbe": {}},
    ]
    deployment: dict[str, Any] = {"template": {"spec": {"containers": containers}}}
    made = patch({"kind": "Deployment", "metadata": {"name": "m"}, "spec": deployment}, LAPTOP)
    assert made is not None
    [manager] = made["spec"]["template"]["spec"]["containers"]
    assert manager["image"].startswith("docker.io/kserve/kserve-controller:v")
    assert manager["resources"]["requests"] == {"cpu": "10m", "memory": "64Mi"}
    assert manager["args"] == ["--x"]
    assert containers[1]["image"] == "kserve"


def test_models_are_read_where_the_profile_keeps_objects() -> None:
    managed = {"endpoint": "https://s3.example.com", "region": "eu-north-1", "secret": "keys"}
    elsewhere = load("laptop", {"modules.object_store": {"managed": managed}})
    found = [configuration(profile)["credentials"]["s3"] for profile in (LAPTOP, elsewhere)]
    assert [(s3["s3Endpoint"], s3["s3UseHttps"], s3["s3Region"]) for s3 in found] == [
        ("object-store.object-store.svc:9000", "0", "cairn"),
        ("s3.example.com", "1", "eu-north-1"),
    ]


@pytest.mark.parametrize("runtime", runtimes(), ids=lambda runtime: runtime["metadata"]["name"])
def test_a_runtimes_server_is_reached_through_its_door_alone(runtime: dict[str, Any]) -> None:
    server, door = runtime["spec"]["containers"]
    environment = {variable["name"]: variable["value"] for variable in server["env"]}
    assert environment["MLSERVER_HOST"] == "127.0.0.1"
    # KServe's Service leads to the first port of the first container, which must be the door's.
    assert server["ports"][0]["containerPort"] == door["ports"][0]["containerPort"]
    assert f"--upstream=http://127.0.0.1:{environment['MLSERVER_HTTP_PORT']}/" in door["args"]
    assert not server.get("volumeMounts")


def test_a_team_without_serving_gets_nothing_for_it() -> None:
    assert for_team("team-a", "access", load("mini")) == []
    assert [made["kind"] for made in for_team("team-a", "access", LAPTOP)] == [
        "ServiceAccount",
        "ConfigMap",
        "ClusterRoleBinding",
    ]
