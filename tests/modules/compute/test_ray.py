from typing import Any

from modules.compute.ray import patch
from profiles.load import load

LAPTOP = load("laptop")


def test_the_operator_goes_to_its_own_namespace_with_its_subjects() -> None:
    binding = {
        "kind": "RoleBinding",
        "metadata": {"name": "b", "namespace": "default"},
        "subjects": [{"kind": "ServiceAccount", "name": "s", "namespace": "default"}],
    }
    made = patch(binding, LAPTOP)
    assert made is not None
    assert made["metadata"]["namespace"] == made["subjects"][0]["namespace"] == "kuberay-system"
    assert binding["metadata"] == {"name": "b", "namespace": "default"}


def test_the_operator_runs_the_catalogs_image_with_small_requests() -> None:
    container: dict[str, Any] = {
        "image": "kuberay/operator",
        "args": ["--feature-gates=A=true"],
        "resources": {},
        "readinessProbe": {"httpGet": {}},
    }
    deployment = {
        "kind": "Deployment",
        "metadata": {"namespace": "default"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    made = patch(deployment, LAPTOP)
    assert made is not None
    [found] = made["spec"]["template"]["spec"]["containers"]
    assert found["image"].startswith("quay.io/kuberay/operator:v")
    assert found["resources"]["requests"] == {"cpu": "10m", "memory": "64Mi"}
    assert found["readinessProbe"]["httpGet"] == {}
    assert found["args"] == ["--feature-gates=A=true", "--enable-leader-election=false"]


def definition(plural: str) -> dict[str, Any]:
    versions = [{"name": "v1", "storage": True}, {"name": "v1alpha1", "storage": False}]
    return {
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.ray.io"},
        "spec": {"names": {"plural": plural}, "versions": versions},
    }


def test_definitions_keep_the_version_that_is_stored() -> None:
    made = patch(definition("rayjobs"), LAPTOP)
    assert made is not None
    assert [version["name"] for version in made["spec"]["versions"]] == ["v1"]


def test_what_the_operator_ignores_is_left_out() -> None:
    assert patch(definition("raycronjobs"), LAPTOP) is None
