"""Teams' tokens expire: a Secret of a certain type, which members may make, would be filled with one that does not."""

from modules.contract.api import Object
from modules.parts.team_policy import refusal

POLICY = "team-tokens-expire"


def tokens_expire() -> list[Object]:
    """An admission policy over all teams' namespaces that leaves `cairn kubeconfig` the only source of tokens."""
    rule = {
        "expression": "!has(object.type) || object.type != 'kubernetes.io/service-account-token'",
        "message": "a team's tokens expire: cairn kubeconfig --team TEAM gives one",
        "reason": "Forbidden",
    }
    return refusal(POLICY, "", ("secrets",), [rule])
