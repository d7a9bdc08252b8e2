"""Objects that the tests make."""

from typing import Any

# The catalog's own Python image, present on every cluster of Cairn's.
IMAGE = "docker.io/library/python:3.11-slim-bookworm"

DEPLOYMENT = "apps/v1:Deployment"
CONFIG_MAP = "core/v1:ConfigMap"
SECRET = "core/v1:Secret"
SERVICE = "core/v1:Service"
JOB = "batch/v1:Job"
DEFINITION = "apiextensions.k8s.io/v1:CustomResourceDefinition"


def config_map(namespace: str, name: str = "words", **data: str) -> dict[str, Any]:
    """A ConfigMap."""
    return {"metadata": {"name": name, "namespace": namespace}, "data": data}


def deployment(namespace: str, name: str = "web", image: str = IMAGE, **spec: Any) -> dict[str, Any]:
    """A Deployment of one pod that sleeps."""
    container = {"name": "c", "image": image, "command": ["sleep", "1000"]}
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
            },
            **spec,
        },
    }


def job(namespace: str, name: str = "once", command: str = "exit 0") -> dict[str, Any]:
    """A Job of one pod."""
    container = {"name": "c", "image": IMAGE, "command": ["sh", "-c", command]}
    template = {"spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"backoffLimit": 0, "template": template}}


def service(namespace: str, name: str = "web", **spec: Any) -> dict[str, Any]:
    """A Service in front of the Deployment of the same name."""
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [{"port": 80}], "selector": {"app": name}, **spec},
    }


def definition(group: str) -> dict[str, Any]:
    """The definition of a namespaced kind Thing, whose `spec.size` may be 5 at most and has a status."""
    size = {"type": "integer", "maximum": 5}
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": size, "other": {"type": "string"}}},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    return {
        "metadata": {"name": f"things.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
