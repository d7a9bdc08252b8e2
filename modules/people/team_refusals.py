"""What would wait for ever in a team's namespace without a word: refused when it is made, with the reason."""

from modules.compute.queueing import settings_of
from modules.contract.api import Object
from modules.parts.team_policy import refusal
from profiles.schema import Profile

PRIORITIES = "priority-classes-exist"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
QUEUED = {
    "": ("pods",),
    "apps": ("deployments", "statefulsets"),
    "batch": ("jobs",),
    "jobset.x-k8s.io": ("jobsets",),
    "ray.io": ("rayclusters", "rayjobs", "rayservices"),
    "trainer.kubeflow.org": ("trainjobs",),
}
"""What waits in a queue, by API group."""


def refusals(profile: Profile) -> list[Object]:
    """The policies and their bindings."""
    return priority_classes(list(settings_of(profile).priority_classes))


def priority_classes(names: list[str]) -> list[Object]:
    """Kueue makes no Workload of what names a class that there isn't, and tells it to its own log only."""
    label = "object.metadata.?labels[?'" + PRIORITY_LABEL + "'].orValue('')"
    validation = {
        "expression": f"variables.label == '' || variables.label in [{', '.join(map(_quoted, names))}]",
        "messageExpression": f"'there is no priority class ' + variables.label + '; there is {', '.join(names)}'"
        f" + ': change the label {PRIORITY_LABEL}'",
        "reason": "Invalid",
    }
    # What was made earlier stays changeable: its finalizers go by updates too.
    changed = f"oldObject == null || {label} != {label.replace('object.', 'oldObject.')}"
    policy, binding = refusal(
        PRIORITIES,
        "",
        [resource for resources in QUEUED.values() for resource in resources],
        [validation],
        variables=[{"name": "label", "expression": label}],
        matchConditions=[{"name": "names-another-class", "expression": changed}],
    )
    [rule] = policy["spec"]["matchConstraints"]["resourceRules"]
    rule["apiGroups"] = list(QUEUED)
    return [policy, binding]


def _quoted(text: str) -> str:
    return f"'{text}'"
