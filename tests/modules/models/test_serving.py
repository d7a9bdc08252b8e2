import asyncio
import importlib
import sys
from types import ModuleType
from typing import Any

import pytest

from modules.contract.credentials import named
from modules.models import serving
from modules.models.serving import MODULE, configuration, patch
from modules.models.serving_runtimes import for_team, runtimes
from modules.registry import team_part
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
    assert "serving.kserve.io" not in str(team_part("team-a", load("mini")))
    assert [made["kind"] for made in for_team("team-a", LAPTOP).objects] == [
        "ServiceAccount",
        "ConfigMap",
        "ClusterRoleBinding",
    ]


class Storage:
    """As much of KServe's storage as the initializer speaks to: what it was asked for."""

    asked: list[tuple[str, str]]

    @staticmethod
    def _download_s3(address: str, folder: str) -> None:
        Storage.asked.append((address, folder))

    @classmethod
    def download_files(cls, addresses: list[str], folders: list[str]) -> None:
        for address, folder in zip(addresses, folders, strict=True):
            if address.startswith("s3://"):
                cls._download_s3(address, folder)
            else:
                cls.asked.append((address, folder))


@pytest.mark.parametrize(
    ("address", "fetched"),
    [
        ("s3://team-a/iris/1", "s3://team-a/iris/1/"),
        ("s3://team-a/iris/1/", "s3://team-a/iris/1/"),
        ("s3://team-a/iris/model.joblib", "s3://team-a/iris/model.joblib"),
        ("s3://team-a", "s3://team-a/"),
        ("https://models.example/iris", "https://models.example/iris"),
    ],
)
def test_a_model_is_fetched_without_those_whose_names_begin_as_its_own(
    address: str, fetched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kserve_storage = ModuleType("kserve_storage")
    monkeypatch.setattr(kserve_storage, "Storage", type("Storage", (Storage,), {}), raising=False)
    monkeypatch.setitem(sys.modules, "kserve_storage", kserve_storage)
    monkeypatch.delitem(sys.modules, "modules.in_cluster.fetch_model", raising=False)
    fetch_model = importlib.import_module("modules.in_cluster.fetch_model")
    monkeypatch.setattr(fetch_model, "_is_object", lambda bucket, key: (bucket, key) == ("team-a", "iris/model.joblib"))
    Storage.asked = []
    fetch_model.main([address, "/mnt/models"])
    assert Storage.asked == [(fetched, "/mnt/models")]


def test_the_storage_initializer_runs_that_program() -> None:
    [storage] = [made for made in MODULE.objects(LAPTOP) if made["kind"] == "ClusterStorageContainer"]
    assert "fetch_exactly" in storage["spec"]["container"]["command"][-1]


class Refusal(Exception):  # noqa: N818 (as MLServer and MLflow call theirs)
    """An error with a status, as MLServer and MLflow have them."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status_code = status

    def get_http_status_code(self) -> int:
        return self.status_code


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Any:
    names = {"mlserver": "", "mlserver.cli": "main", "mlserver.handlers": "DataPlane", "mlserver.settings": "Settings"}
    for name, content in names.items():
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.setattr(sys.modules[name], content or "unused", None, raising=False)
    errors = ModuleType("mlserver.errors")
    monkeypatch.setattr(errors, "MLServerError", type("MLServerError", (Refusal,), {}), raising=False)
    monkeypatch.setitem(sys.modules, "mlserver.errors", errors)
    monkeypatch.delitem(sys.modules, "modules.in_cluster.model_server", raising=False)
    return importlib.import_module("modules.in_cluster.model_server")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("X has 3 features, but it expects 4"), 400, "X has 3 features, but it expects 4"),
        (KeyError("petal_width"), 400, "no such column or row: 'petal_width'"),
        (Refusal("Failed to enforce schema of [...]. Error: missing inputs ['a']", 400), 400, "missing inputs ['a']"),
        (Refusal("somewhere inside", 500), 500, "the model failed; its server's log says why"),
        (RuntimeError("/usr/lib/python3/insides.py"), 500, "the model failed; its server's log says why"),
    ],
)
def test_an_error_in_a_model_is_answered_with_a_sentence_and_logged_with_its_traceback(
    model_server: Any, error: Exception, status: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def infer() -> None:
        raise error

    with pytest.raises(Refusal) as answered:
        asyncio.run(model_server.answering(infer)())
    assert (str(answered.value), answered.value.status_code) == (said, status)
    assert answered.value.__suppress_context__
    assert "Traceback" in caplog.text


def test_what_mlserver_itself_refuses_stays_its_own_answer(model_server: Any) -> None:
    missing = model_server.MLServerError("Model x not found", 404)

    async def infer() -> None:
        raise missing

    with pytest.raises(Refusal) as answered:
        asyncio.run(model_server.answering(infer)())
    assert answered.value is missing


def test_callers_are_not_shown_the_insides_of_a_server() -> None:
    for runtime in runtimes():
        server, _ = runtime["spec"]["containers"]
        assert {"name": "MLSERVER_DEBUG", "value": "false"} in server["env"]
