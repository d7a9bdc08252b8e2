from modules.compute.ray_names import RAY_NAMES
from modules.compute.training_names import TRAINING_NAMES
from modules.contract.api import Object
from modules.models.model_names import MODEL_NAMES
from modules.people.team_refusals import PRIORITIES
from modules.registry import enabled
from profiles.load import load


def policies(profile: str, overrides: dict[str, object] | None = None) -> dict[str, Object]:
    found = load(profile, overrides)
    made = [each for module in enabled(found) for each in module.objects(found)]
    return {each["metadata"]["name"]: each for each in made if each["kind"] == "ValidatingAdmissionPolicy"}


def test_the_profiles_classes_are_the_ones_that_work_may_name() -> None:
    policy = policies("mini", {"modules.queueing.priority_classes.urgent": 9})[PRIORITIES]
    [validation] = policy["spec"]["validations"]
    assert "in ['low', 'normal', 'high', 'urgent']" in validation["expression"]
    assert "there is low, normal, high, urgent" in validation["messageExpression"]


def test_every_kind_that_waits_in_a_queue_is_looked_at() -> None:
    [rule] = policies("mini")[PRIORITIES]["spec"]["matchConstraints"]["resourceRules"]
    assert {"jobs", "pods", "jobsets", "trainjobs", "rayjobs", "deployments"} <= set(rule["resources"])
    assert {"", "apps", "batch", "jobset.x-k8s.io", "ray.io", "trainer.kubeflow.org"} == set(rule["apiGroups"])


def test_names_are_looked_at_where_the_module_is_on() -> None:
    looking = {PRIORITIES, MODEL_NAMES, TRAINING_NAMES, RAY_NAMES}
    assert set(policies("mini")) & looking == {PRIORITIES, RAY_NAMES}
    assert looking <= set(policies("laptop"))
