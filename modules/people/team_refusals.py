"""What would wait for ever in a team's namespace without a word: refused when it is made, with the reason."""

from modules.compute.queueing import settings_of
from modules.contract.api import Object
from modules.parts.team_policy import refusal
from profiles.schema import Profile

PRIORITIES, MODEL_NAMES, TRAINING_NAMES = "priority-classes-exist", "names-of-models-fit", "names-of-trainings-fit"
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
    made = priority_classes(list(settings_of(profile).priority_classes))
    if profile.modules.serving:
        made += names_of_models()
    if profile.modules.training:
        made += names_of_trainings()
    return made


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


def names_of_models() -> list[Object]:
    """KServe makes the host NAME-COMPONENT--TEAM.DOMAIN of each part of a model: a label of a host has 63 letters.

    A longer one ends each reconciliation in an error that is told to the controller's log only
    (pkg/controller/v1beta1/inferenceservice/reconcilers/raw, GenerateDomainName).
    """
    # `-explainer` is as long as `-predictor`.
    longest = "has(object.spec.transformer) ? size('-transformer') : size('-predictor')"
    most = f"63 - size('--') - size(object.metadata.namespace) - ({longest})"
    return _fitting(MODEL_NAMES, "serving.kserve.io", "inferenceservices", most, "models")


def names_of_trainings() -> list[Object]:
    """A pod of a TrainJob is NAME-node-0-INDEX-RANDOM, and the JobSet's webhook refuses more than 63 letters.

    It refuses Trainer's controller, which tells nobody but its log (jobset pkg/webhooks, podNameTooLongErrorMsg).
    """
    last = "string(object.spec.?trainer.?numNodes.orValue(1) - 1)"
    most = f"63 - size('-node-0-') - size({last}) - size('-abcde')"
    return _fitting(TRAINING_NAMES, "trainer.kubeflow.org", "trainjobs", most, "trainings")


def _fitting(name: str, group: str, resource: str, most: str, whose: str) -> list[Object]:
    validation = {
        "expression": "size(object.metadata.name) <= variables.most",
        "messageExpression": f"'names of {whose} have ' + string(variables.most) + ' letters at most here, and '"
        " + object.metadata.name + ' has ' + string(size(object.metadata.name)) + ': choose a shorter one'",
        "reason": "Invalid",
    }
    # A name never changes; what was made before this policy can still be deleted, by updates of its finalizers too.
    made = [{"name": "is-made", "expression": "oldObject == null"}]
    return refusal(
        name,
        group,
        [resource],
        [validation],
        variables=[{"name": "most", "expression": most}],
        matchConditions=made,
    )


def _quoted(text: str) -> str:
    return f"'{text}'"
