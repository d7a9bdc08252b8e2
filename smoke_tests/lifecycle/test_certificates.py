"""A year later: certificates that end soon are made anew by `up`, and the state's kubeconfig with them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from hosts.certificates import of_client
from hosts.local.container import execute
from hosts.local.plan import Network
from hosts.renewal import PROGRAM, ends_soon
from modules.contract.api import connect, path_of, request
from smoke_tests.lifecycle.conftest import NAME, Life
from smoke_tests.lifecycle.person import Person

NODE = f"{NAME}-control-plane"
SHORT = "/root/short.yaml"
TEN_DAYS = (
    f"sed 's/^clusterName:.*/&\\ncertificateValidityPeriod: 240h/' /etc/kubernetes/kubeadm-init.yaml >{SHORT} && "
    f"kubeadm certs renew all --config {SHORT}"
)
"""Signs all of kubeadm's certificates anew, for ten days."""

pytestmark = [pytest.mark.long, pytest.mark.together("life")]


@pytest.fixture
def aged(life: Life) -> Person:
    """Somebody whose environment's certificates, and the kubeconfig that its state has, end in ten days."""
    on_node(life.person, TEN_DAYS)
    give_state(life.person, on_node(life.person, "cat /etc/kubernetes/admin.conf"))
    return life.person


def on_node(person: Person, script: str) -> str:
    """What a script prints on the control plane."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(person.state))
        return execute(Network(NAME), NODE, "sh", "-c", script)


def state(person: Person) -> dict[str, Any]:
    done = person.shell(f"pulumi stack export --show-secrets --stack {NAME}")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def give_state(person: Person, kubeconfig: str) -> None:
    """Makes the state one in which the control plane was made with this kubeconfig."""
    found = state(person)
    old, new = (json.dumps(json.dumps(each)) for each in (recorded(found), kubeconfig))
    text = json.dumps(found).replace(old, new)
    file = person.state / "state.json"
    file.touch(mode=0o600)
    file.write_text(text)
    done = person.shell(f"pulumi stack import --stack {NAME} --file {file}")
    file.unlink()
    assert done.returncode == 0, done.stderr
    assert ends_soon(of_client(recorded(state(person))))


def recorded(found: dict[str, Any]) -> str:
    """The kubeconfig that the state has."""
    (stack,) = (each for each in found["deployment"]["resources"] if each["type"] == "pulumi:pulumi:Stack")
    return str(json.loads(stack["outputs"]["kubeconfig"]["plaintext"]))


def namespaces(kubeconfig: str) -> dict[str, str]:
    """Every namespace with its identity."""
    found = request(connect(kubeconfig), "GET", path_of("v1", "namespaces"))["items"]
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in found}


def test_what_ends_soon_is_told_and_up_makes_it_anew_and_replaces_nothing(aged: Person) -> None:
    before = recorded(state(aged))
    there = namespaces(before)
    told = json.loads(aged.tries("status", "--name", NAME, "--json").stdout)
    assert any("administrator" in fault and f"cairn up --name {NAME}" in fault for fault in told["faults"])
    assert any("apiserver" in fault for fault in told["faults"])
    assert "ControlPlane" in str(aged.changes(NAME))

    aged.runs("up", "--name", NAME)
    after = recorded(state(aged))
    assert not ends_soon(of_client(after), datetime.now(UTC) + timedelta(days=200))
    assert namespaces(after) == there
    authorities = [yaml.safe_load(text)["clusters"][0]["cluster"] for text in (before, after)]
    assert authorities[0] == authorities[1]
    assert base64.b64decode(authorities[0]["certificate-authority-data"])
    assert aged.changes(NAME) == []
    healthy = json.loads(aged.runs("status", "--name", NAME, "--json"))
    assert healthy["faults"] == []
    assert min(each["days"] for each in healthy["certificates"]) > 200


def test_a_nodes_own_timer_makes_them_anew_too(life: Life) -> None:
    on_node(life.person, TEN_DAYS)
    on_node(life.person, "systemctl start cairn-certificates.service")
    listed = [line.split()[0] for line in on_node(life.person, f"{PROGRAM} list").splitlines()]
    assert min(map(int, listed)) > (datetime.now(UTC) + timedelta(days=200)).timestamp()
    assert "cairn-certificates.timer" in on_node(life.person, "systemctl list-timers --all --no-pager")
