from pathlib import Path

import pytest

import modules.registry
from smoke_tests.conftest import module_of
from smoke_tests.support.cluster import Kind, kind_of
from smoke_tests.support.environment import Environment
from smoke_tests.support.workload import job, pod

SMOKE_TESTS = Path(__file__).resolve().parents[2] / "smoke_tests"


@pytest.mark.parametrize("name", modules.registry.all_modules())
def test_every_module_has_a_smoke_test_that_asks_whether_it_is_ready(name: str) -> None:
    [file] = SMOKE_TESTS.glob(f"*/test_{name}.py")
    assert f'ready("{name}")' in file.read_text()


def test_a_test_is_about_the_module_that_its_file_is_named_after() -> None:
    assert module_of("smoke_tests/compute/test_queueing.py::test_a_job_waits") == "queueing"
    assert module_of("smoke_tests/models/test_serving_ray.py::test_a_ray_service_answers") == "serving"
    assert module_of("smoke_tests/cluster/test_nodes.py::test_the_budget") == "nodes"
    assert module_of("smoke_tests/hosts/test_node.py::test_a_unit_runs[a-b]") == "hosts"
    assert module_of("smoke_tests/lifecycle/test_life.py::test_down") == "lifecycle"


def test_kinds_are_found_by_their_plurals() -> None:
    for kind, plural in {"NetworkPolicy": "networkpolicies", "StorageClass": "storageclasses", "Job": "jobs"}.items():
        assert kind_of({"apiVersion": "x/v1", "kind": kind}) == Kind("x/v1", plural)


def test_pods_of_tests_have_no_privilege_and_no_token() -> None:
    for spec in (pod("a", "b", "pass")["spec"], job("a", "b")["spec"]["template"]["spec"]):
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_devices_are_asked_for_in_requests_and_limits_alike() -> None:
    asked = pod("a", "b", "pass", gpu=2)["spec"]["containers"][0]["resources"]
    assert asked["requests"]["nvidia.com/gpu"] == asked["limits"]["nvidia.com/gpu"] == "2"
    assert "nvidia.com/gpu" not in pod("a", "b", "pass")["spec"]["containers"][0]["resources"]["limits"]


def test_the_environments_credentials_are_known_as_secrets() -> None:
    kubeconfig = "users:\n- name: admin\n  user:\n    client-key-data: a2V5\n    token: abc.def\n"
    environment = Environment("laptop", kubeconfig, ssh={"private_key": "PRIVATE"})
    assert set(environment.secrets()) == {"a2V5", "abc.def", "PRIVATE"}
    assert "a2V5" not in repr(environment)
