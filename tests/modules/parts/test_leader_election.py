from typing import Any

import pytest
import yaml

from modules.registry import all_modules
from profiles.load import load
from profiles.schema import Profile

MODULES = all_modules()
LOCAL, ELSEWHERE = (load("laptop", {"cluster.provider": provider}) for provider in ("local", "existing"))
CONTROLLER = {
    "kind": "Deployment",
    "metadata": {"name": "controller", "namespace": "default"},
    "spec": {
        "template": {"spec": {"containers": [{"name": "manager", "args": ["--leader-elect"], "readinessProbe": {}}]}}
    },
}


def asked(name: str, profile: Profile) -> dict[str, Any]:
    """What the module's chart is told."""
    return MODULES[name].values(profile)


def argument(name: str, profile: Profile) -> list[str]:
    """What a controller without a chart is started with."""
    made = MODULES[name].patch(CONTROLLER, profile)
    assert made is not None
    return list(made["spec"]["template"]["spec"]["containers"][0]["args"])


def kueue(profile: Profile) -> bool:
    text = asked("queueing", profile)["managerConfig"]["controllerManagerConfigYaml"]
    return bool(yaml.safe_load(text)["leaderElection"]["leaderElect"])


def envoy_gateway(profile: Profile) -> bool:
    provider = asked("gateway", profile)["config"]["envoyGateway"]["provider"]
    return not provider["kubernetes"]["leaderElection"]["disable"]


@pytest.mark.parametrize(
    "takes_lease",
    [
        kueue,
        envoy_gateway,
        lambda profile: asked("jobset", profile)["controller"]["leaderElection"]["enable"],
        lambda profile: asked("training", profile)["manager"]["config"]["leaderElection"]["leaderElect"],
        lambda profile: "--enable-leader-election=true" in argument("ray", profile),
        lambda profile: "--leader-elect" in argument("serving", profile),
    ],
    ids=["kueue", "envoy-gateway", "jobset", "trainer", "kuberay", "kserve"],
)
def test_a_controller_takes_a_lease_unless_it_runs_on_local_nodes(takes_lease: Any) -> None:
    assert (takes_lease(ELSEWHERE), takes_lease(LOCAL)) == (True, False)
