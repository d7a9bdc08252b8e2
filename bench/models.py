"""What serving costs: one model's server bare, behind its door, and by the entry point too, in one run.

A pod on the cluster is the client of all three. The bare server is the same image with the same model, without KServe
and without the door.
"""

import json
from dataclasses import replace

from bench import serving
from bench.serving import Served, Target
from modules.contract.api import Object
from modules.contract.lock import lock
from modules.models.serving_runtimes import runtimes
from smoke_tests.support.cluster import POD, Cluster, is_true
from smoke_tests.support.entry import Entry, route, team_host
from smoke_tests.support.environment import of_stack
from smoke_tests.support.models import (
    NAME,
    READY_SECONDS,
    Caller,
    inference_service,
    rows,
    train_and_store,
    until_ready,
)
from smoke_tests.support.team import Team, make_team, remove_team, token
from smoke_tests.support.waiting import until

MODEL = "v2"
PORT = 8080


def measure(environment: str) -> dict[str, Served]:
    """Serve a model three ways in a throwaway team of a running environment, and load each in turn."""
    cluster = Cluster(settings := of_stack(environment), settings.kubeconfig)
    team = make_team(cluster, access=True)
    try:
        return serving.measure(cluster.api, team.namespace, _targets(cluster, team))
    finally:
        remove_team(cluster, team)


def _targets(cluster: Cluster, team: Team) -> dict[str, Target]:
    known = train_and_store(cluster, team)
    cluster.create(inference_service(MODEL, team.namespace, "sklearn", f"s3://{team.name}/{MODEL}"))
    cluster.create(_bare(team))
    entry, host = Entry(cluster), team_host(cluster, MODEL, team.name)
    backend = {"name": f"{MODEL}-predictor", "port": 80}
    cluster.create(route(MODEL, team.namespace, host, [{"backendRefs": [backend]}]))
    until_ready(cluster, MODEL, team.namespace)
    bare = cluster.wait_for(POD, "bare", team.namespace, lambda found: is_true(found, "Ready"), READY_SECONDS)
    caller = Caller(entry, token(cluster, team))
    until(lambda: caller.reaches(host), 30, host)
    inside = f"{MODEL}-predictor.{team.namespace}.svc"
    alone = Target(
        bare["status"]["podIP"],
        PORT,
        "bare",
        path=f"/v2/models/{NAME}/infer",
        body=json.dumps(rows({name: values[:1] for name, values in known["asked"].items()})),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token(cluster, team)}"},
    )
    entered = replace(alone, address=entry.address, port=443, host=host, authority=entry.authority)
    return {
        "the server alone": alone,
        "KServe's Service and the door": replace(alone, address=inside, port=80, host=inside),
        "the entry point, TLS": entered,
    }


def _bare(team: Team) -> Object:
    """The runtime's own server with the same model, for everybody who knows its address."""
    [server] = [container for container in _runtime()["spec"]["containers"] if container["name"] == "kserve-container"]
    settings = {
        "MLSERVER_HOST": "0.0.0.0",
        "MLSERVER_HTTP_PORT": str(PORT),
        "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_sklearn.SKLearnModel",
        "MLSERVER_MODEL_NAME": NAME,
        "MLSERVER_MODEL_URI": "/mnt/models",
        "MLSERVER_MODEL_VERSION": MODEL,
    }
    kept = [variable for variable in server["env"] if variable["name"] not in settings]
    models = {"volumeMounts": [{"name": "models", "mountPath": "/mnt/models"}]}
    environment = [*kept, *({"name": name, "value": value} for name, value in settings.items())]
    download = {
        "name": "download",
        "image": lock().image("storage-initializer"),
        "args": [f"s3://{team.name}/{MODEL}", "/mnt/models"],
        "envFrom": [{"secretRef": {"name": "access"}}],
        **models,
    }
    # The runtime's own asks where its server listens behind the door.
    probe = {"httpGet": {"path": "/v2/health/ready", "port": PORT}, "periodSeconds": 2, "failureThreshold": 60}
    spec = {
        "automountServiceAccountToken": False,
        "initContainers": [download],
        "containers": [{**server, "env": environment, "startupProbe": probe, **models}],
        "volumes": [{"name": "models", "emptyDir": {}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": team.namespace}, "spec": spec}


def _runtime() -> Object:
    return next(made for made in runtimes() if made["metadata"]["name"] == "mlserver")
