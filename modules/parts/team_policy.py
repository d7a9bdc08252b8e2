"""What teams are not allowed beyond what RBAC can say: admission policies over every team's namespace."""

from collections.abc import Sequence
from typing import Any

from modules.contract.api import Object
from modules.contract.team import TEAM_LABEL

_API_VERSION = "admissionregistration.k8s.io/v1"
EVERYTHING = "*"
"""Every group, or every kind of it; subresources such as `status` and `scale` are not among them."""
BY_THE_TEAM: Object = {
    "name": "asked-by-the-team",
    "expression": "('system:serviceaccounts:' + request.namespace) in request.userInfo.?groups.orValue([])",
}
"""A match condition: the request comes from an account of the namespace itself, such as the members' or a pod's.

Controllers have accounts in namespaces of their own, and administrators are no service accounts.
"""


def refusal(
    name: str,
    group: str,
    resources: Sequence[str],
    validations: list[Object],
    operations: Sequence[str] = ("CREATE", "UPDATE"),
    **further: Any,
) -> list[Object]:
    """The policy `name` and its binding: objects of these resources are refused where a validation does not hold.

    It counts when they are made or changed in a team's namespace, unless other `operations` are named. `further` are
    other fields of the policy's specification, such as `variables` and `matchConditions`.
    """
    rule = {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": list(operations),
        "resources": list(resources),
        "scope": "Namespaced",
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


def short_names(name: str, group: str, resources: Sequence[str], most: str) -> list[Object]:
    """The policy `name` and its binding: such an object's own name has `most` letters, an expression, and no more.

    Neither has it a dot nor a digit in front: what is made of it is a host's label, or a service's.
    """
    short = {
        "expression": "size(object.metadata.name) <= variables.most",
        "messageExpression": "'names of ' + object.kind + 's have ' + string(variables.most) + ' letters at most here,'"
        " + ' and ' + object.metadata.name + ' has ' + string(size(object.metadata.name)) + ': choose a shorter one'",
        "reason": "Invalid",
    }
    label = {
        "expression": "object.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        "messageExpression": "'names of ' + object.kind + 's begin with a letter, and have letters, digits and dashes'"
        " + ' alone: ' + object.metadata.name + ' does not'",
        "reason": "Invalid",
    }
    # A name never changes; what was made before this policy can still be deleted, by updates of its finalizers too.
    made = [{"name": "is-made", "expression": "oldObject == null"}]
    return refusal(
        name,
        group,
        resources,
        [short, label],
        variables=[{"name": "most", "expression": most}],
        matchConditions=made,
    )
