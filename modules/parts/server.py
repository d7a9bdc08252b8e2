"""What the platform's own servers are made of: one pod with a volume, its service, and jobs that set it up."""

from typing import Any

from modules.contract.api import Object

UNPRIVILEGED: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
"""A container's security context under the Pod Security level `restricted`."""


def pod_security(user: int) -> Object:
    """A pod's security context under the same level; files on volumes are that user's."""
    identity = {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": user, "fsGroup": user}
    return {**identity, "seccompProfile": {"type": "RuntimeDefault"}}


def resources(cpu: str, memory: str, limit: str) -> Object:
    """What a container asks for; memory alone is limited, so that idle cores are used."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


def config_map(name: str, namespace: str, data: dict[str, str]) -> Object:
    """Plain text for pods."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def secret(name: str, namespace: str, data: dict[str, Any]) -> Object:
    """Credentials for pods."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": data,
    }


def service(name: str, namespace: str, ports: dict[str, int]) -> Object:
    """The pods labelled `app: NAME`, under one address."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"app": name},
            "ports": [{"name": port, "port": number, "targetPort": number} for port, number in ports.items()],
        },
    }


def server(name: str, namespace: str, size: str, pod: Object) -> Object:
    """One pod, labelled `app: NAME`, whose containers can mount the volume `data`; the volume outlives everything."""
    spec = {"automountServiceAccountToken": False, "enableServiceLinks": False, **pod}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "serviceName": name,
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
        },
    }


def job(name: str, namespace: str, pod: Object) -> Object:
    """A pod that runs until it ends well, again and again if need be."""
    spec = {"restartPolicy": "OnFailure", "automountServiceAccountToken": False, "enableServiceLinks": False, **pod}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"backoffLimit": 20, "template": {"spec": spec}},
    }


def from_secret(variable: str, name: str, key: str) -> Object:
    """An environment variable that holds one key of a Secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
