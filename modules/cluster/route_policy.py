"""Which hosts a team's routes may claim: those that end in the team's own name, so nobody takes another's."""

from modules.contract.api import Object
from modules.parts.routes import API, team_hosts
from modules.parts.team_policy import refusal
from profiles.schema import Profile

NAME = "routes-of-teams"
KINDS = ("httproutes", "grpcroutes")
"""What teams may make."""


def policy(profile: Profile) -> list[Object]:
    """The policy and its binding. A namespace has its team's name."""
    before, after = team_hosts("/", profile).split("/")
    ending = f"'{before}' + object.metadata.namespace + '{after}'"
    validation = {
        "expression": "object.spec.?hostnames.orValue([]).size() > 0"
        " && object.spec.hostnames.all(host, host.endsWith(variables.ending))",
        "messageExpression": "'this team\\'s routes need hostnames, and each ends in '"
        " + variables.ending + ', such as my-model' + variables.ending",
        "reason": "Invalid",
    }
    return refusal(NAME, API, KINDS, [validation], variables=[{"name": "ending", "expression": ending}])
