"""What throwaway teams had in servers that outlive them: databases, buckets, MLflow's workspaces. It goes with a run.

Each server's own means of making an account are used to take it away: the same pod, with the same rights, runs another
program. A team whose namespace is still there belongs to somebody else's run, and keeps what it has.
"""

import copy
import secrets
from concurrent.futures import ThreadPoolExecutor

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.contract.team import Forgetting
from modules.parts.server import resources
from modules.registry import enabled
from smoke_tests.support import pods
from smoke_tests.support.cluster import NAMESPACE, POD, Cluster
from smoke_tests.support.team import PREFIX

SECONDS = 180
"""One pod's start and its work on two busy cores, an image's pull included."""


def clear(cluster: Cluster) -> dict[str, int]:
    """Takes away what is nobody's any more; how many there were of each kind.

    Raises AssertionError with what a server said when it refuses.
    """
    profile = cluster.environment.profile
    work = [forgetting for module in enabled(profile) if (forgetting := module.forgets(profile))]
    teams = (found["metadata"]["name"] for found in cluster.find(NAMESPACE))
    there = " ".join(team for team in teams if team.startswith(PREFIX))
    with ThreadPoolExecutor() as threads:
        taken = {each.what: threads.submit(_taken_away, cluster, _pod(each, there)) for each in work}
    return {kind: done.result() for kind, done in taken.items()}


def _pod(forgetting: Forgetting, there: str) -> Object:
    """The pod of the Job that makes an account, with the administrator's credentials and none of the account's."""
    [job] = [made for made in forgetting.account if made["kind"] == "Job"]
    own = {made["metadata"]["name"] for made in forgetting.account if made["kind"] == "Secret"}
    told = {**forgetting.environment, "PREFIX": PREFIX, "THERE": there}
    spec = copy.deepcopy(job["spec"]["template"]["spec"]) | {"restartPolicy": "Never"}
    [container] = spec["containers"]
    container.pop("envFrom", None)
    given = [one for one in container["env"] if one.get("valueFrom", {}).get("secretKeyRef", {}).get("name") not in own]
    container |= {
        "image": lock().image(forgetting.image),
        "command": list(forgetting.command),
        "env": [*given, *({"name": name, "value": value} for name, value in told.items())],
        "resources": resources("5m", "64Mi", "256Mi"),
    }
    metadata = {"name": f"leftovers-{secrets.token_hex(4)}", "namespace": job["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _taken_away(cluster: Cluster, pod: Object) -> int:
    """Runs the pod, which prints a name a line; how many."""
    try:
        return len(pods.output(cluster, pod, SECONDS).split())
    finally:
        cluster.remove(POD, *pods.name_of(pod))
