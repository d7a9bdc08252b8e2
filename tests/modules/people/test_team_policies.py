"""What the policies say is tried on a cluster, in smoke_tests/people; here is whom and what they look at."""

from modules.contract.api import Object
from modules.parts.team_policy import BY_THE_TEAM
from modules.people.teams import policies


def specification(name: str) -> Object:
    [policy] = [
        made for made in policies() if made["kind"] == "ValidatingAdmissionPolicy" and made["metadata"]["name"] == name
    ]
    spec: Object = policy["spec"]
    return spec


def test_ownership_and_the_platforms_objects_are_held_for_every_kind_and_operation() -> None:
    for name in ("controllers-own-what-they-make", "platforms-objects-stay"):
        spec = specification(name)
        [rule] = spec["matchConstraints"]["resourceRules"]
        assert (rule["apiGroups"], rule["resources"]) == (["*"], ["*"])
        assert rule["operations"] == ["CREATE", "UPDATE", "DELETE"]
        assert spec["matchConditions"] == [BY_THE_TEAM]


def test_what_nobody_may_do_in_a_teams_namespace_does_not_look_who_asks() -> None:
    for name in ("services-lead-to-own-pods", "pods-ask-for-what-they-use", "team-tokens-expire"):
        assert "matchConditions" not in specification(name)


def test_every_policy_is_bound_and_refuses_when_it_cannot_tell() -> None:
    made = policies()
    bound = {each["spec"]["policyName"] for each in made if each["kind"].endswith("Binding")}
    named = {each["metadata"]["name"] for each in made if not each["kind"].endswith("Binding")}
    assert bound == named
    assert all(specification(name)["failurePolicy"] == "Fail" for name in named)
