"""Teams' tokens expire: a Secret of a certain type, which members may make, would be filled with one that does not."""

from modules.api import Object
from modules.queueing import TEAM_LABEL

POLICY = "team-tokens-expire"


def tokens_expire() -> list[Object]:
    """An admission policy over all teams' namespaces that leaves `cairn kubeconfig` the only source of tokens."""
    rule = {
        "expression": "!has(object.type) || object.type != 'kubernetes.io/service-account-token'",
        "message": "a team's tokens expire: cairn kubeconfig --team TEAM gives one",
        "reason": "Forbidden",
    }
    secrets = {"apiGroups": [""], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": POLICY},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]},
                "resourceRules": [secrets],
            },
            "validations": [rule],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": POLICY},
        "spec": {"policyName": POLICY, "validationActions": ["Deny"]},
    }
    return [policy, binding]
