"""How long a model's name may be: what is made of it has to fit into a host."""

from modules.contract.api import Object
from modules.parts.team_policy import short_names

MODEL_NAMES = "names-of-models-fit"


def names_of_models() -> list[Object]:
    """KServe makes the host NAME-COMPONENT--TEAM.DOMAIN of each part of a model: a label of a host has 63 letters.

    A longer one ends each reconciliation in an error that is told to the controller's log only
    (pkg/controller/v1beta1/inferenceservice/reconcilers/raw, GenerateDomainName).
    """
    # `-explainer` is as long as `-predictor`.
    longest = "has(object.spec.transformer) ? size('-transformer') : size('-predictor')"
    most = f"63 - size('--') - size(object.metadata.namespace) - ({longest})"
    return short_names(MODEL_NAMES, "serving.kserve.io", ("inferenceservices",), most)
