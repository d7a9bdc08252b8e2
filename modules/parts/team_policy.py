"""What teams are not allowed beyond what RBAC can say: admission policies over every team's namespace."""

from collections.abc import Sequence
from typing import Any

from modules.contract.api import Object
from modules.contract.team import TEAM_LABEL

_API_VERSION = "admissionregistration.k8s.io/v1"


def refusal(name: str, group: str, resources: Sequence[str], validations: list[Object], **further: Any) -> list[Object]:
    """The policy `name` and its binding: objects of these resources are refused where a validation does not hold.

    It counts when they are made or changed in a team's namespace. `further` are other fields of the policy's
    specification, such as `variables` and `matchConditions`.
    """
    rule = {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"],
        "resources": list(resources),
    }
    policy = {
        "apiVersion": _API_VERSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]},
                "resourceRules": [rule],
            },
            **further,
            "validations": validations,
        },
    }
    binding = {
        "apiVersion": _API_VERSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    return [policy, binding]
