"""Which hosts a team's routes may claim: those that end in the team's own name, so nobody takes another's."""

from modules.api import Object
from modules.queueing import TEAM_LABEL
from modules.routes import API, team_hosts
from profiles.schema import Profile

NAME = "routes-of-teams"
KINDS = ("httproutes", "grpcroutes")
"""What teams may make."""


def policy(profile: Profile) -> list[Object]:
    """The policy and its binding. A namespace has its team's name."""
    before, after = team_hosts("/", profile).split("/")
    ending = f"'{before}' + object.metadata.namespace + '{after}'"
    admission = "admissionregistration.k8s.io/v1"
    return [
        {
            "apiVersion": admission,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": NAME},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {
                    "namespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]},
                    "resourceRules": [
                        {
                            "apiGroups": [API],
                            "apiVersions": ["*"],
                            "operations": ["CREATE", "UPDATE"],
                            "resources": list(KINDS),
                        }
                    ],
                },
                "variables": [{"name": "ending", "expression": ending}],
                "validations": [
                    {
                        "expression": "object.spec.?hostnames.orValue([]).size() > 0"
                        " && object.spec.hostnames.all(host, host.endsWith(variables.ending))",
                        "messageExpression": "'this team\\'s routes need hostnames, and each ends in '"
                        " + variables.ending + ', such as my-model' + variables.ending",
                        "reason": "Invalid",
                    }
                ],
            },
        },
        {
            "apiVersion": admission,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": NAME},
            "spec": {"policyName": NAME, "validationActions": ["Deny"]},
        },
    ]
