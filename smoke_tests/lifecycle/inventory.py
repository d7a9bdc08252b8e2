"""What an environment consists of, in a form in which two environments made alike are equal."""

import json

from modules.contract.api import connect, path_of, request
from smoke_tests.lifecycle.person import Person

KINDS = (
    ("v1", "namespaces"),
    ("v1", "nodes"),
    ("v1", "services"),
    ("v1", "serviceaccounts"),
    ("v1", "resourcequotas"),
    ("apps/v1", "deployments"),
    ("apps/v1", "daemonsets"),
    ("storage.k8s.io/v1", "storageclasses"),
    ("rbac.authorization.k8s.io/v1", "clusterroles"),
    ("rbac.authorization.k8s.io/v1", "rolebindings"),
    ("apiextensions.k8s.io/v1", "customresourcedefinitions"),
    ("admissionregistration.k8s.io/v1", "validatingwebhookconfigurations"),
    ("kueue.x-k8s.io/v1beta2", "clusterqueues"),
    ("kueue.x-k8s.io/v1beta2", "localqueues"),
)


def inventory(person: Person, environment: str) -> set[str]:
    """The stack's resources and the cluster's objects, by name; the environment's own name is written ENV."""
    state = person.shell(f"pulumi stack export --stack {environment}")
    assert state.returncode == 0, state.stderr
    resources = json.loads(state.stdout)["deployment"].get("resources", [])
    named = {resource["urn"].replace(environment, "ENV") for resource in resources}
    client = connect(kubeconfig(person, environment))
    for api_version, resource in KINDS:
        for found in request(client, "GET", path_of(api_version, resource))["items"]:
            name = f"{found['metadata'].get('namespace', '')}/{found['metadata']['name']}"
            named.add(f"{resource} {name.replace(environment, 'ENV')}")
    return named


def kubeconfig(person: Person, environment: str) -> str:
    """The administrator's kubeconfig."""
    return person.runs("kubeconfig", "--name", environment)
