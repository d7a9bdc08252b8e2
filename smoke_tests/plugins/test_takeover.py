"""A stack that the Kubernetes stand-in of earlier checkouts made goes on under the official plug-in.

stand_in_state.json is what it left of PROGRAM, without times, managed fields and kubeconfig. The objects are made here
as it made them: applied by the recorded managers, and the release by Helm's own program.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from catalog.places import binary
from smoke_tests.plugins.charts import write_chart
from smoke_tests.plugins.project import Project

SPACE = "taken-over"
PASSWORD = "correct-horse-battery"
STATE = Path(__file__).with_name("stand_in_state.json")
SECRET = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi marks a secret in a state."""

PROGRAM = """
space = make("core/v1:Namespace", "space", {"metadata": {"name": config.require("space")}})
where = {"namespace": config.require("space"), "labels": {"app.kubernetes.io/managed-by": "cairn"}}
def within(kind, name, inputs, **options):
    return make(kind, name, {"metadata": {"name": name, **where}, **inputs}, depends_on=[space], **options)
within("core/v1:Secret", "login", {"stringData": {"password": config.require_secret("password")}},
       additional_secret_outputs=["data", "stringData"])
within("core/v1:ConfigMap", "words", {"data": {"word": config.get("word") or "one"}})
within("core/v1:ServiceAccount", "server", {})
within("core/v1:Service", "server", {"spec": {"type": "ExternalName", "externalName": "elsewhere.test"}})
within("core/v1:ResourceQuota", "team", {"spec": {"hard": {"cpu": "1500m", "memory": "1024Mi"}}})
within("rbac.authorization.k8s.io/v1:Role", "reader", {"rules": [
       {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]})
within("networking.k8s.io/v1:NetworkPolicy", "closed", {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}})
container = {"name": "c", "image": "registry.invalid/any:1", "command": ["sleep", "1000"],
       "resources": {"requests": {"cpu": "1000m"}, "limits": {"memory": "1024Mi"}},
       "env": [{"name": "PASSWORD", "value": config.require_secret("password")}]}
template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
within("apps/v1:Deployment", "web", {"spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}},
       "template": template}})
within("apps/v1:StatefulSet", "store", {"spec": {"replicas": 0, "serviceName": "store",
       "selector": {"matchLabels": {"app": "web"}}, "template": template}})
make("helm.sh/v3:Release", "mini", {"chart": "../charts/mini", "name": "mini", "namespace": config.require("space"),
     "timeout": 60, "skipAwait": True, "compat": "true", "values": {"password": config.require_secret("password")}},
     depends_on=[space])
"""


@pytest.fixture
def taken_over(project: Callable[[str], Project], kubeconfig: str) -> Iterator[Project]:
    """The program's stack with the recorded state, and its objects as they were."""
    made = project(PROGRAM)
    chart = write_chart(made.directory / "charts" / "mini", "registry.invalid/any:1")
    made.run("config", "set", "space", SPACE)
    made.run("config", "set", "--secret", "password", PASSWORD)
    state = json.loads(STATE.read_text())
    for resource in state["deployment"]["resources"]:
        if resource["type"] == "pulumi:providers:kubernetes":
            for side in (resource["inputs"], resource["outputs"]):
                if "kubeconfig" in side:
                    side["kubeconfig"]["plaintext"] = json.dumps(kubeconfig)
        elif resource["type"] == "kubernetes:helm.sh/v3:Release":
            words = ("install", "mini", str(chart), "--namespace", SPACE, "--set", f"password={PASSWORD}")
            _run(made, "helm", *words)
        elif resource["type"].startswith("kubernetes:"):
            manager = resource["outputs"]["__fieldManager"]
            text = json.dumps(_plain(resource["outputs"]["__inputs"]))
            _run(made, "kubectl", "apply", "--server-side", f"--field-manager={manager}", "-f", "-", text=text)
    salt = yaml.safe_load((made.directory / "Pulumi.plugins.yaml").read_text())["encryptionsalt"]
    state["deployment"]["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
    file = made.directory / "state.json"
    file.write_text(json.dumps(state))
    made.run("stack", "import", "--file", str(file))
    yield made
    _run(made, "kubectl", "delete", "namespace", SPACE, "--ignore-not-found")


def _run(project: Project, program: str, *words: str, text: str = "") -> None:
    variables = {**os.environ, "KUBECONFIG": str(project.directory / "kubeconfig")}
    done = subprocess.run(
        [binary(program), *words], input=text, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _plain(value: Any) -> Any:
    """A value of a state without the marks of secrets."""
    if isinstance(value, dict):
        return json.loads(value["plaintext"]) if SECRET in value else {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def test_a_stack_of_the_stand_in_is_taken_over_without_a_change(taken_over: Project, api: client.ApiClient) -> None:
    # The provider alone says another version of itself; nothing that it made is touched.
    shown = json.loads("{" + taken_over.run("preview", "--json").partition("{")[2])
    steps = [step["urn"].rpartition("::")[2] for step in shown["steps"] if step["op"] != "same"]
    assert (steps, shown["changeSummary"]) == (["cluster"], {"same": 12, "update": 1})
    assert "13 unchanged" in taken_over.run("refresh", "--yes", "--skip-preview")
    taken_over.run("config", "set", "word", "two")
    assert "1 replaced" in taken_over.up()
    core = client.CoreV1Api(api)
    assert core.read_namespaced_config_map("words", SPACE).data == {"word": "two"}
    taken_over.run("destroy", "--yes", "--skip-preview")
    assert SPACE not in [each.metadata.name for each in core.list_namespace().items]
