"""How long a team waits for its training: from the submitted TrainJob to the gang's first step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from smoke_tests.support import training_example
from smoke_tests.support.cluster import TRAIN_JOB, WORKLOAD, Cluster, condition, is_true
from smoke_tests.support.environment import of_stack
from smoke_tests.support.team import Team, make_team, remove_team
from smoke_tests.support.training_example import NAMES

FRAMEWORK = "jax"
LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Started:
    """Seconds from the submission until the team's queue admitted the gang, and until its first step was done."""

    admitted: float
    first_step: float


def measure(environment: str, runs: int) -> list[Started]:
    """Run the example of two JAX workers on two nodes, each time in a team of its own.

    In the first run nodes may still have to pull the image.
    """
    cluster = Cluster(settings := of_stack(environment), settings.kubeconfig)
    return [_run(cluster) for _ in range(runs)]


def _run(cluster: Cluster) -> Started:
    with _team(cluster) as team:
        config, job = training_example.manifests(FRAMEWORK, team.namespace)
        cluster.create(config)
        submitted = datetime.now(UTC)
        cluster.create(job)
        name = NAMES[FRAMEWORK]
        done = cluster.wait_for(
            TRAIN_JOB,
            name,
            team.namespace,
            lambda found: is_true(found, "Complete") or is_true(found, "Failed"),
            LONGEST_SECONDS,
        )
        assert is_true(done, "Complete"), done["status"]
        pods = training_example.workers(cluster, team.namespace, name)
        log = "".join(cluster.logs(pod["metadata"]["name"], team.namespace) for pod in pods)
        [first] = training_example.said(log, "FIRST_STEP")
        [workload] = cluster.find(WORKLOAD, team.namespace)
        admitted = condition(workload, "Admitted")["lastTransitionTime"]
        return Started(_seconds(submitted, str(admitted)), _seconds(submitted, str(first["at"])))


def _seconds(start: datetime, end: str) -> float:
    # Kubernetes keeps whole seconds, so that the end may seem to lie before the start.
    return max(0.0, (datetime.fromisoformat(end) - start).total_seconds())


@contextmanager
def _team(cluster: Cluster) -> Iterator[Team]:
    team = make_team(cluster)
    try:
        yield team
    finally:
        remove_team(cluster, team)
