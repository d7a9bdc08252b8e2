"""Models over HTTP: KServe in Standard mode, which makes a Deployment, a Service and an autoscaler of each model."""

import copy
import json
from typing import Any

from modules.contract.api import Object
from modules.contract.checks import Accepts, Check, Established, RolledOut
from modules.contract.credentials import Certificate
from modules.contract.lock import lock
from modules.contract.module import Module
from modules.contract.team import READ, may
from modules.data import object_store
from modules.in_cluster import program
from modules.models.model_names import names_of_models
from modules.models.serving_runtimes import for_team, runtimes
from modules.parts import routes
from modules.parts.auth_proxy import IMAGE as AUTH_PROXY
from modules.parts.leader_election import takes_lease
from profiles.schema import Profile
from profiles.settings.models import Serving

NAMESPACE = "kserve"
GROUP = "serving.kserve.io"
MANAGER = "kserve-controller-manager"
DEFINITIONS = (
    "inferenceservices",
    "servingruntimes",
    "clusterservingruntimes",
    "clusterstoragecontainers",
    "inferencegraphs",
    "trainedmodels",
)
CERTIFICATE = Certificate("serving-webhook", (f"kserve-webhook-server-service.{NAMESPACE}.svc",))
"""What the webhooks' server shows."""

_RESOURCES = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}
_STORAGE_RESOURCES = {"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "1Gi"}}
_LIMITS = {"cpuLimit": "1", "memoryLimit": "1Gi"}
"""KServe reads its configuration only if both are in it."""
_INJECT = "cert-manager.io/inject-ca-from"

# The manager's metrics, behind a proxy of their own, and a Secret that nothing reads.
_LEFT_OUT = {
    ("ClusterRole", "kserve-proxy-role"),
    ("ClusterRoleBinding", "kserve-proxy-rolebinding"),
    ("Service", "kserve-controller-manager-metrics-service"),
    ("Service", "kserve-controller-manager-service"),
    ("Secret", "kserve-webhook-server-secret"),
}
# What depends on the profile, or on webhooks that serve, is made by `_objects`; the namespace by the installer.
_MADE_ELSEWHERE = ("Namespace", "ConfigMap", "ClusterStorageContainer")
_OF_CERT_MANAGER = ("Issuer", "Certificate")


def settings_of(profile: Profile) -> Serving:
    """The module's settings; only for profiles in which it is on."""
    assert profile.modules.serving is not None
    return profile.modules.serving


def patch(found: Object, profile: Profile) -> Object | None:
    """One object of KServe's kustomization as this platform wants it.

    Webhooks trust the environment's own authority, unless the profile leaves their certificate to cert-manager.
    """
    made = _with_any_certificate(found, profile)
    if made is None or settings_of(profile).certificates == "cert-manager":
        return made
    if made["kind"] in _OF_CERT_MANAGER:
        return None
    annotations = made["metadata"].get("annotations", {})
    if annotations.pop(_INJECT, None):
        for webhook in made.get("webhooks", []):
            webhook["clientConfig"]["caBundle"] = CERTIFICATE.authority_base64
    return made


def _with_any_certificate(found: Object, profile: Profile) -> Object | None:
    kind, name = found["kind"], found["metadata"]["name"]
    if kind in _MADE_ELSEWHERE or (kind, name) in _LEFT_OUT:
        return None
    made = copy.deepcopy(found)
    if kind == "Deployment":
        pod = made["spec"]["template"]["spec"]
        [manager] = [container for container in pod["containers"] if container["name"] == "manager"]
        manager |= {
            "image": lock().image("kserve-controller"),
            "imagePullPolicy": "IfNotPresent",
            "args": [arg for arg in manager["args"] if takes_lease(profile) or arg != "--leader-elect"],
            "resources": copy.deepcopy(_RESOURCES),
        }
        manager["readinessProbe"] |= {"initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 30}
        pod["containers"] = [manager]
    return made


def _certificate() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "kserve-webhook-server-cert", "namespace": NAMESPACE},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": CERTIFICATE.certificate, "tls.key": CERTIFICATE.private_key},
    }


def configuration(profile: Profile) -> dict[str, Any]:
    """KServe's own configuration, by its keys."""
    requests = _STORAGE_RESOURCES["requests"]
    agent = {"image": "kserve/agent", "cpuRequest": "10m", "memoryRequest": "64Mi", **_LIMITS}
    return {
        "deploy": {"defaultDeploymentMode": "Standard"},
        # Routes to models are the teams' own HTTPRoutes: only they can weigh one model against another.
        "ingress": {
            "disableIngressCreation": True,
            "ingressGateway": "none/none",
            # The address in a model's status is where it answers once its team has made that route.
            "ingressDomain": routes.settings_of(profile).domain,
            "domainTemplate": "{{ .Name }}" + routes.SEPARATOR + "{{ .Namespace }}.{{ .IngressDomain }}",
            "urlScheme": "https",
        },
        "service": {"serviceClusterIPNone": False},
        "security": {"autoMountServiceAccountToken": False},
        "storageInitializer": {
            "image": lock().image("storage-initializer"),
            "cpuRequest": requests["cpu"],
            "memoryRequest": requests["memory"],
            **_LIMITS,
        },
        "credentials": {"storageSpecSecretName": "storage-config", "s3": _s3(profile)},
        "inferenceService": {"resource": {"cpuRequest": "30m", "memoryRequest": "256Mi", "memoryLimit": "1Gi"}},
        "autoscaler": {},
        # Not installed, but read at the admission of each pod.
        **dict.fromkeys(("agent", "logger", "batcher"), agent),
    }


def _s3(profile: Profile) -> dict[str, str]:
    """Where models are, in KServe's words; with whose keys is up to the pod's service account."""
    endpoint, region = object_store.address(profile)
    scheme, _, host = endpoint.partition("://")
    return {
        "s3AccessKeyIDName": object_store.KEY_ID,
        "s3SecretAccessKeyName": object_store.SECRET_KEY,
        "s3Endpoint": host,
        "s3UseHttps": "1" if scheme == "https" else "0",
        "s3Region": region,
    }


def _configuration(profile: Profile) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "inferenceservice-config", "namespace": NAMESPACE},
        "data": {key: json.dumps(value, sort_keys=True) for key, value in configuration(profile).items()},
    }


def _storage() -> Object:
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "ClusterStorageContainer",
        "metadata": {"name": "default"},
        "spec": {
            "container": {
                "name": "storage-initializer",
                "image": lock().image("storage-initializer"),
                "command": ["python3", "-c", program("fetch_model.py")],
                "resources": _STORAGE_RESOURCES,
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "runAsNonRoot": True,
                    "runAsUser": 1000,
                },
                # Its last words are the condition's message.
                "terminationMessagePolicy": "FallbackToLogsOnError",
            },
            "supportedUriFormats": [{"prefix": "s3://"}, {"regex": "https?://(.+)/(.+)"}],
            "supportsMultiModelDownload": True,
            "workloadType": "initContainer",
        },
    }


def _objects(profile: Profile) -> list[Object]:
    own = [_certificate()] if settings_of(profile).certificates == "own" else []
    return [*own, *names_of_models(), _configuration(profile), _storage(), *runtimes()]


def _probe(name: str) -> Object:
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://cairn/probe"}}},
    }


def _ready(_: Profile) -> tuple[Check, ...]:
    return (
        RolledOut(kind="Deployment", namespace=NAMESPACE, name=MANAGER),
        *(Established(crd=f"{plural}.{GROUP}") for plural in DEFINITIONS),
        Accepts(resource="inferenceservices", content=_probe("cairn-probe")),
    )


MODULE = Module(
    name="serving",
    summary="models over HTTP: scikit-learn, MLflow, sentence embeddings",
    namespace=NAMESPACE,
    pod_security="restricted",
    manifest="kserve",
    images=("kserve-controller", "storage-initializer", "mlserver", "sentence-embedding", AUTH_PROXY),
    requires=("gateway", "object_store"),
    owns=tuple(f"{plural}.{GROUP}" for plural in DEFINITIONS),
    objects=_objects,
    patch=patch,
    team=for_team,
    readable=(may(READ, GROUP, "clusterservingruntimes"),),
    ready=_ready,
    foreign=(Established(crd=f"inferenceservices.{GROUP}"),),
)
