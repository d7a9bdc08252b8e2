"""A kubeconfig made portable: one context, and the contents of the files that it names."""

import base64
from pathlib import Path
from typing import Any

import yaml

from stacks.errors import ClusterError

# Keys that name a file, and the key that holds the file's content instead.
_FILES = {
    "certificate-authority": "certificate-authority-data",
    "client-certificate": "client-certificate-data",
    "client-key": "client-key-data",
}


def portable(file: Path, context: str | None) -> str:
    """The kubeconfig in `file`, reduced to `context` (its current one by default), usable from any directory.

    Raises ClusterError for a file that is missing or no kubeconfig, and for a context that it doesn't have.
    """
    try:
        content = yaml.safe_load(file.read_text())
        contexts = {entry["name"]: entry["context"] for entry in content["contexts"]}
        clusters = {entry["name"]: entry["cluster"] for entry in content["clusters"]}
        users = {entry["name"]: entry.get("user") or {} for entry in content.get("users") or []}
    except OSError as error:
        raise ClusterError(f"kubeconfig {file}: {error.strerror}: pulumi config set kubeconfig PATH") from None
    except (yaml.YAMLError, KeyError, TypeError):
        raise ClusterError(f"{file} is not a kubeconfig: pulumi config set kubeconfig PATH") from None
    wanted = context or content.get("current-context")
    if wanted not in contexts:
        known = ", ".join(contexts) or "none"
        raise ClusterError(f"{file} has no context {wanted!r} (it has: {known}): pulumi config set context NAME")
    chosen = contexts[wanted]
    if chosen.get("cluster") not in clusters:
        raise ClusterError(f"{file}: its context {wanted} names a cluster that it doesn't have")
    cluster = _embedded(clusters[chosen["cluster"]], file)
    user = _embedded(users.get(chosen.get("user"), {}), file)
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": wanted, "cluster": cluster}],
            "users": [{"name": wanted, "user": user}],
            "contexts": [{"name": wanted, "context": {"cluster": wanted, "user": wanted}}],
            "current-context": wanted,
        },
        sort_keys=False,
    )


def _embedded(entry: dict[str, Any], file: Path) -> dict[str, Any]:
    result = dict(entry)
    for key, inline in _FILES.items():
        if key not in result:
            continue
        named = file.parent / str(result.pop(key))
        try:
            result.setdefault(inline, base64.b64encode(named.read_bytes()).decode())
        except OSError as error:
            raise ClusterError(f"{file} names {named} as {key}: {error.strerror}") from None
    return result
