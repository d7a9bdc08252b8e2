"""How long the names of Ray's objects may be: what is made of them has to fit into the name of a service."""

from collections.abc import Sequence

from modules.contract.api import Object
from modules.parts.team_policy import short_names

RAY_NAMES = "names-of-ray-objects-fit"


def names_of_ray(resources: Sequence[str]) -> list[Object]:
    """A Ray cluster's longest service is NAME-serve-svc, and the cluster of a job or of a service is NAME-RANDOM.

    KubeRay leaves what has a longer name, or none that a service may have, as it is, and tells it as an event alone
    (ray-operator controllers/ray/utils, MaxRayClusterNameLength and ValidateRayClusterMetadata).
    """
    of_cluster = "object.kind == 'RayCluster' ? 0 : size('-abcde')"
    most = f"63 - size('-serve-svc') - ({of_cluster})"
    return short_names(RAY_NAMES, "ray.io", resources, most)
