"""What is the platform's in a team's namespace stays as it is: quota, isolation, queue, accounts and access."""

from modules.contract.api import Object
from modules.contract.team import PLATFORMS
from modules.parts.team_policy import BY_THE_TEAM, EVERYTHING, refusal

POLICY = "platforms-objects-stay"


def platforms_objects_stay() -> list[Object]:
    """An admission policy over all teams' namespaces, for the team's own accounts.

    Neither do they make something that would look like the platform's.
    """
    label, value = PLATFORMS
    rule = {
        "expression": "[object, oldObject].filter(each, each != null).all(each,"
        f" each.?metadata.?labels[?'{label}'].orValue('') != '{value}')",
        "message": f"what has the label {label}: {value} is the platform's, and members leave it as it is",
        "reason": "Forbidden",
    }
    operations = ("CREATE", "UPDATE", "DELETE")
    return refusal(POLICY, EVERYTHING, (EVERYTHING,), [rule], operations=operations, matchConditions=[BY_THE_TEAM])
