"""How long a training's name may be: what is made of it has to fit into the name of a pod."""

from modules.contract.api import Object
from modules.parts.team_policy import short_names

TRAINING_NAMES = "names-of-trainings-fit"


def names_of_trainings() -> list[Object]:
    """A pod of a TrainJob is NAME-node-0-INDEX-RANDOM, and the JobSet's webhook refuses more than 63 letters.

    It refuses Trainer's controller, which tells nobody but its log (jobset pkg/webhooks, podNameTooLongErrorMsg).
    """
    last = "string(object.spec.?trainer.?numNodes.orValue(1) - 1)"
    most = f"63 - size('-node-0-') - size({last}) - size('-abcde')"
    return short_names(TRAINING_NAMES, "trainer.kubeflow.org", ("trainjobs",), most)
