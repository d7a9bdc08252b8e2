"""Reading and naming Kubernetes objects: names, ids, annotations, nested fields."""

import re
from typing import Any

from plugins.kubernetes.errors import Object

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
WAIT_FOR = "pulumi.com/waitFor"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"


def get(obj: Any, *path: str, default: Any = None) -> Any:
    """A nested field, or the default where any step of the path is missing."""
    for step in path:
        if not isinstance(obj, dict) or step not in obj:
            return default
        obj = obj[step]
    return obj


def name_of(obj: Object) -> str:
    """`metadata.name`, empty where there is none."""
    return str(get(obj, "metadata", "name", default="") or "")


def namespace_of(obj: Object) -> str:
    """`metadata.namespace`, empty where there is none."""
    return str(get(obj, "metadata", "namespace", default="") or "")


def annotation(obj: Object, key: str) -> str:
    """The annotation's value, empty where there is none."""
    value = get(obj, "metadata", "annotations", default=None)
    return str(value.get(key, "")) if isinstance(value, dict) else ""


def is_marked(obj: Object, key: str) -> bool:
    """Whether the annotation is "true"."""
    return annotation(obj, key) == "true"


def id_of(obj: Object) -> str:
    """The resource id: namespace/name, or name."""
    return "/".join(part for part in (namespace_of(obj), name_of(obj)) if part)


def split_id(resource_id: str) -> tuple[str, str]:
    """Namespace (empty where there is none) and name of a resource id."""
    namespace, _, name = resource_id.rpartition("/")
    return namespace, name


def conditions(obj: Object) -> dict[str, Object]:
    """The conditions of an object's status, by type."""
    return {item["type"]: item for item in get(obj, "status", "conditions", default=[]) or []}


def is_secret(obj: Object) -> bool:
    """Whether it is a core Secret."""
    return obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1"


def path_text(path: tuple[str | int, ...]) -> str:
    """A path in Pulumi's notation: `spec.template.spec.containers[0].command[2]`, `metadata.labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.search(r'[."\[\]]', step):
            escaped = step.replace('"', '\\"')
            text += f'["{escaped}"]'
        else:
            text += f".{step}" if text else step
    return text
