"""The servers that models run on, each behind a door that asks the API server, and what a team needs to use them."""

import json
from typing import Any

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.contract.team import ACCESS, WRITE, TeamPart, may
from modules.in_cluster import program
from modules.parts import auth_proxy
from modules.parts.auth_proxy import Resource
from profiles.schema import Profile

GROUP = "serving.kserve.io"
ACCOUNT = "serving"
"""The service account in a team's namespace that predictors run as; it reads models with the team's own S3 keys."""
INFER = "inferenceservices/infer"
"""What a caller must be allowed to `create` (a prediction, by POST) or `get` (metadata) in a team's namespace."""
PORT = 8080
"""Where the door is: KServe's Service sends its port 80 to the first port of the first container."""
_SERVER_PORT = 8081
_MODELS = "/mnt/models"
_LOADING_SECONDS = 1800
"""How long a server may take to load its model before it is started anew."""
_LEAVING_SECONDS = 5
"""How long a pod that ends still answers: until everybody who sends it requests has heard of it."""
# MLServer ends without an error when its model can't be loaded; what it logged then is the condition's message.
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"usual": {"()": "mlserver.logging.ModelLoggerFormatter", "settings": None}},
    "handlers": {
        "output": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "usual"},
        "last-words": {"class": "logging.FileHandler", "filename": "/dev/termination-log", "level": "ERROR"},
    },
    "loggers": {"mlserver": {"handlers": ["output", "last-words"]}},
}
# A server that failed to load its model says for a moment that it is ready, having none: so the model itself is asked.
_IS_READY = (
    f"exec 3<>/dev/tcp/127.0.0.1/{_SERVER_PORT}"
    ' && printf "GET /v2/models/%s/ready HTTP/1.0\\r\\n\\r\\n" "$MLSERVER_MODEL_NAME" >&3'
    ' && read -r _ status _ <&3 && [ "$status" = 200 ]'
)


def runtimes() -> list[Object]:
    """The ClusterServingRuntimes."""
    return [_mlserver(), _sentence_embedding()]


def _mlserver() -> Object:
    formats = [("sklearn", "1"), ("mlflow", "2"), ("mlflow", "3")]
    made = _runtime(
        "mlserver",
        [{"name": name, "version": version, "autoSelect": True, "priority": 1} for name, version in formats],
        # KServe labels each InferenceService with the class that its model's format needs.
        {"MLSERVER_MODEL_IMPLEMENTATION": "{{.Labels.modelClass}}"},
    )
    made["metadata"]["annotations"] = {f"{GROUP}/server-type": "mlserver"}
    return made


def _sentence_embedding() -> Object:
    return _runtime(
        "sentence-embedding",
        # By no other name KServe takes a model without storage for a server of many models.
        [{"name": "huggingface", "version": "1", "autoSelect": False}],
        {
            "MLSERVER_MODEL_IMPLEMENTATION": "sentence_embedding.runtime.SentenceEmbedding",
            "MLSERVER_MODEL_NAME": "{{.Name}}",
            "MLSERVER_MODEL_URI": _MODELS,
        },
    )


def _runtime(image: str, formats: list[dict[str, Any]], environment: dict[str, str]) -> Object:
    server = {
        "KEEP_ALIVE_SECONDS": str(auth_proxy.KEEP_ALIVE_SECONDS),
        # With it, whoever asks is shown the server's insides.
        "MLSERVER_DEBUG": "false",
        "MLSERVER_GRPC_PORT": str(_SERVER_PORT + 1),
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": str(_SERVER_PORT),
        "MLSERVER_LOGGING_SETTINGS": json.dumps(_LOGGING),
        "MLSERVER_METRICS_PORT": str(_SERVER_PORT + 2),
        # Which model answered, unless its InferenceService names a version.
        "MLSERVER_MODEL_VERSION": "{{.Name}}",
        # One process: a second one for the model would hold all libraries once more.
        "MLSERVER_PARALLEL_WORKERS": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **environment,
    }
    leaving = {"lifecycle": {"preStop": {"sleep": {"seconds": _LEAVING_SECONDS}}}}
    container = {
        "name": "kserve-container",
        "image": lock().image(image),
        "command": ["python3", "-c", program("model_server.py"), "start", _MODELS],
        "env": [{"name": name, "value": value} for name, value in server.items()],
        # The door's, but it is here that KServe looks for what its Service leads to.
        "ports": [{"name": "http", "containerPort": PORT}],
        # To ask so costs a process each time, and a model that is loaded stays so: from then on it is enough that the
        # door is open.
        "startupProbe": {
            "exec": {"command": ["bash", "-c", _IS_READY]},
            "periodSeconds": 2,
            "timeoutSeconds": 5,
            "failureThreshold": _LOADING_SECONDS // 2,
        },
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 2, "failureThreshold": 5},
        "resources": {"requests": {"cpu": "30m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **leaving,
    }
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "ClusterServingRuntime",
        "metadata": {"name": image},
        "spec": {
            "supportedModelFormats": formats,
            "protocolVersions": ["v2"],
            "containers": [container, auth_proxy.auth_proxy(PORT, _SERVER_PORT) | leaving],
            "volumes": [auth_proxy.volume()],
        },
    }


def for_team(team: str, _profile: Profile) -> TeamPart:
    """What predictors in a team's namespace need, and who may make and ask them."""
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": ACCOUNT, "namespace": team},
        "automountServiceAccountToken": False,
        # KServe looks here for the keys that a model's pod downloads with.
        "secrets": [{"name": ACCESS}],
    }
    resource, _, subresource = INFER.partition("/")
    door = auth_proxy.objects(Resource(team, GROUP, resource, subresource), team, ACCOUNT)
    rules = (
        may(WRITE, GROUP, "inferenceservices", "servingruntimes"),
        may(("get",), GROUP, "inferenceservices/status"),
        may(("get", "create"), GROUP, INFER),
    )
    return TeamPart(rules=rules, objects=(account, *door))
