"""One small environment by plain `pulumi` alone, from `stack init` to `stack rm`."""

import json
from collections.abc import Iterator

import pytest

from catalog.directories import REPOSITORY
from modules.contract.api import connect, path_of, request
from smoke_tests.lifecycle.machine import look
from smoke_tests.lifecycle.person import Done, Person

NAME = "plain"
PROFILE = "smoke_tests/lifecycle/one.yaml"
IMPORTED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "by-hand", "namespace": "default"}}

pytestmark = pytest.mark.long


@pytest.fixture
def stack(person: Person) -> Iterator[str]:
    """A stack's name; there is no such environment afterwards."""
    yield NAME
    person.tries("down", "--name", NAME, "--yes")


def pulumi(person: Person, *commands: str) -> Done:
    """Runs `pulumi COMMAND` for each, in one shell, all of which must succeed."""
    done = person.shell("; ".join(f"pulumi {command} --non-interactive" for command in commands))
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_plain_pulumi_makes_changes_imports_and_destroys_an_environment(person: Person, stack: str) -> None:
    before = look(person.state)
    select = f"stack init {stack}"
    pulumi(person, select, f"config set profile {PROFILE}", "config set supply source", "preview", "up --yes")
    pulumi(person, "preview --expect-no-changes", "preview --refresh --expect-no-changes")

    # Settings are changed as any stack's are.
    shown = pulumi(person, """config set set '{"modules.storage.path": "/opt/volumes"}'""", "preview --diff").stdout
    assert "/opt/volumes" in shown
    pulumi(person, "config rm set")

    outputs = json.loads(pulumi(person, "stack output --json --show-secrets").stdout)
    client = connect(outputs["kubeconfig"])
    request(client, "POST", path_of("v1", "configmaps", namespace="default"), IMPORTED | {"data": {"a": "b"}})
    state = json.loads(pulumi(person, "stack export").stdout)["deployment"]["resources"]
    provider = next(each["urn"] for each in state if each["type"] == "pulumi:providers:kubernetes")
    adopt = f"import --yes --generate-code=false --protect=false --provider kubernetes={provider}"
    pulumi(person, f"{adopt} kubernetes:core/v1:ConfigMap by-hand default/by-hand")
    # It is the stack's now, and as nothing declares it, the next `up` takes it away.
    assert "by-hand" in pulumi(person, "preview --diff").stdout
    pulumi(person, "up --yes", "preview --expect-no-changes")
    found = request(client, "GET", path_of("v1", "configmaps", namespace="default"))["items"]
    assert "by-hand" not in [each["metadata"]["name"] for each in found]

    # The cluster holds volumes: it goes only when that is said.
    refused = person.shell("pulumi destroy --yes --non-interactive")
    assert refused.returncode != 0
    assert "protected" in refused.stdout + refused.stderr
    pulumi(person, "preview --expect-no-changes", "destroy --yes --ignore-protect", f"stack rm {stack} --yes")
    assert look(person.state).left_since(before, person.handle(stack)) == {}
    assert not (REPOSITORY / f"Pulumi.{stack}.yaml").exists()
