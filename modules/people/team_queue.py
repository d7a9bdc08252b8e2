"""Nothing that a member makes runs past the queue: Kueue trusts an object's controller, and some of its annotations."""

from modules.contract.api import Object
from modules.parts.team_policy import BY_THE_TEAM, EVERYTHING, refusal

OWNERS = "controllers-own-what-they-make"
ROLES = "pods-ask-for-what-they-use"
PAUSING = "members-pause-workloads"
ROLE_HASH = "kueue.x-k8s.io/role-hash"
"""The annotation of a pod by which Kueue knows pods of a group that are alike, and counts the first of them for all."""

# `kubectl create job --from=cronjob/NAME` says that the CronJob controls it; Kueue counts such a Job by itself.
_OWNERS = (
    "metadata.?ownerReferences.orValue([]).filter(owner, owner.?controller.orValue(false)"
    " && !(owner.kind == 'CronJob' && owner.apiVersion == 'batch/v1'))"
)
# What of an object's metadata the API server itself changes with each write.
_WRITTEN_BY_THE_SERVER = "['managedFields', 'generation', 'resourceVersion']"


def queue_not_passed() -> list[Object]:
    """The admission policies over all teams' namespaces that keep what is counted and what runs the same."""
    return [*_owners(), *_roles(), *_pausing()]


def _owners() -> list[Object]:
    # Kueue leaves alone what a kind that it queues controls: the owner is counted with all that it makes. So only
    # controllers say what they control, and what they control is theirs to change: neither a child Job's parallelism
    # nor a RayJob's cluster is counted a second time.
    given = {
        "expression": "request.operation == 'DELETE' || variables.owners == variables.before",
        "message": "only controllers may set or take away ownerReferences with controller: true",
        "reason": "Forbidden",
    }
    changed = {
        # A Workload, which Kueue makes of a Job, is what a member pauses: another policy looks at that.
        "expression": "request.operation == 'DELETE' || request.resource.group in ['', 'kueue.x-k8s.io']"
        " || variables.before == [] || object.?spec.orValue({}) == oldObject.?spec.orValue({})",
        "messageExpression": "'this is made by a ' + variables.before[0].kind"
        " + ', and counted with it: change ' + variables.before[0].name",
        "reason": "Forbidden",
    }
    orphaned = {
        # What is left behind would run on when its quota is somebody else's.
        # A StatefulSet's and a Deployment's pods are counted one by one.
        "expression": "request.operation != 'DELETE' || request.resource.group in ['', 'apps']"
        " || request.?options.?propagationPolicy.orValue('') != 'Orphan'"
        " && !request.?options.?orphanDependents.orValue(false)",
        "message": "what this made would run on without being counted: delete it without --cascade=orphan",
        "reason": "Forbidden",
    }
    before = f"oldObject == null ? [] : oldObject.{_OWNERS}"
    owners = f"object == null ? [] : object.{_OWNERS}"
    # In the core group are pods, which nobody changes, and volumes' claims, which grow.
    return refusal(
        OWNERS,
        EVERYTHING,
        (EVERYTHING,),
        [given, changed, orphaned],
        operations=("CREATE", "UPDATE", "DELETE"),
        matchConditions=[BY_THE_TEAM],
        variables=[{"name": "before", "expression": before}, {"name": "owners", "expression": owners}],
    )


def _roles() -> list[Object]:
    # Kueue writes the annotation itself before this looks, so only the record of who set which field tells whether it
    # came with the pod. A pod's template may bring it too: who made the pod doesn't matter.
    rule = {
        "expression": "!object.metadata.?managedFields.orValue([]).exists(written, written"
        f".?fieldsV1[?'f:metadata'][?'f:annotations'][?'f:{ROLE_HASH}'].hasValue())",
        "message": f"the annotation {ROLE_HASH} is Kueue's own: remove it",
        "reason": "Forbidden",
    }
    return refusal(ROLES, "", ("pods",), [rule], operations=("CREATE",))


def _pausing() -> list[Object]:
    same = "{0}.all(key, key in {1} || key in {2} && {0}[key] == {2}[key])"
    metadata = [("object.metadata", "oldObject.metadata"), ("oldObject.metadata", "object.metadata")]
    spec = [("object.spec", "oldObject.spec"), ("oldObject.spec", "object.spec")]
    kept = [same.format(one, _WRITTEN_BY_THE_SERVER, other) for one, other in metadata]
    kept += [same.format(one, "['active']", other) for one, other in spec]
    rule = {
        "expression": " && ".join(kept),
        "message": "of a Workload members may change spec.active alone: false pauses, true goes on",
        "reason": "Forbidden",
    }
    return refusal(
        PAUSING, "kueue.x-k8s.io", ("workloads",), [rule], operations=("UPDATE",), matchConditions=[BY_THE_TEAM]
    )
