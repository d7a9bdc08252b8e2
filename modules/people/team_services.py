"""A team's Services lead to the team's own pods: no field of theirs takes another's address or name."""

from modules.contract.api import Object
from modules.parts.team_policy import refusal

POLICY = "services-lead-to-own-pods"


def own_addresses_only() -> list[Object]:
    """An admission policy over all teams' namespaces.

    By `externalIPs` each node sends on whatever goes to the address, were it another team's or the API server's.
    """
    field = "object.spec.?{}.orValue({}) == {}"
    validations = [
        _rule(field.format("externalIPs", "[]", "[]"), "a team's Services have no externalIPs: remove them"),
        _rule(field.format("loadBalancerIP", "''", "''"), "a team's Services have no loadBalancerIP: remove it"),
        _rule(
            # A name in the cluster, or an address in place of a name, would lead whoever resolves it elsewhere.
            "object.spec.?externalName.orValue('') == ''"
            " || !object.spec.externalName.lowerAscii().matches('(^|[.])(svc|local|localhost|[0-9]+)[.]?$')",
            "a team's Services name no other Service: externalName is for names outside of the cluster",
        ),
    ]
    return refusal(POLICY, "", ("services",), validations)


def _rule(expression: str, message: str) -> Object:
    return {"expression": expression, "message": message, "reason": "Forbidden"}
