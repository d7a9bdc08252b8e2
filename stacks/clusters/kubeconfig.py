"""A kubeconfig made portable: one context, and the contents of the files that it names."""

import base64
import os
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


def paths(named: str, directory: Path) -> list[Path]:
    """The files that a value such as $KUBECONFIG's names; a relative path is meant from `directory`.

    Links stay as they are: what a kubeconfig names by a relative path lies beside the link, as kubectl has it.
    """
    each = (Path(path).expanduser() for path in named.split(os.pathsep) if path)
    return [Path(os.path.abspath(directory / path)) for path in each]  # noqa: PTH100 (resolve would follow links)


def portable(named: str, context: str | None, directory: Path) -> str:
    """The kubeconfig in the files `named`, reduced to `context` (its current one by default), usable from anywhere.

    Several files, between colons, are merged as kubectl does: of two entries with one name the first counts, and a
    file that isn't there is passed over unless it is the only one. Raises ClusterError for files that are missing or
    no kubeconfig, and for a context that none of them has.
    """
    files = paths(named, directory)
    there = [file for file in files if file.exists()] if len(files) > 1 else files
    if not there:
        raise ClusterError(f"kubeconfig {named}: No such file or directory: pulumi config set kubeconfig PATH")
    file = os.pathsep.join(map(str, there))
    content = _merged([_read(each) for each in there])
    contexts, clusters, users = content["contexts"], content["clusters"], content["users"]
    if not contexts:
        raise ClusterError(f"{file} is not a kubeconfig: pulumi config set kubeconfig PATH")
    wanted = context or content["current-context"]
    if wanted not in contexts:
        known = ", ".join(contexts) or "none"
        raise ClusterError(f"{file} has no context {wanted!r} (it has: {known}): pulumi config set context NAME")
    chosen = contexts[wanted]
    if chosen.get("cluster") not in clusters:
        raise ClusterError(f"{file}: its context {wanted} names a cluster that it doesn't have")
    cluster = _embedded(*clusters[chosen["cluster"]])
    user = _embedded(*users.get(chosen.get("user"), ({}, there[0])))
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


def _read(file: Path) -> dict[str, Any]:
    """One file, its entries by name; what it names beside itself is still to be taken in."""
    try:
        content = yaml.safe_load(file.read_text())
        return {
            "current-context": content.get("current-context"),
            "contexts": {entry["name"]: entry["context"] for entry in content.get("contexts") or []},
            "clusters": {entry["name"]: (entry["cluster"], file) for entry in content.get("clusters") or []},
            "users": {entry["name"]: (entry.get("user") or {}, file) for entry in content.get("users") or []},
        }
    except OSError as error:
        raise ClusterError(f"kubeconfig {file}: {error.strerror}: pulumi config set kubeconfig PATH") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise ClusterError(f"{file} is not a kubeconfig: pulumi config set kubeconfig PATH") from None


def _merged(contents: list[dict[str, Any]]) -> dict[str, Any]:
    """The first one's entries count."""
    result: dict[str, Any] = {"current-context": None, "contexts": {}, "clusters": {}, "users": {}}
    for content in contents:
        result["current-context"] = result["current-context"] or content["current-context"]
        for kind in ("contexts", "clusters", "users"):
            result[kind] = content[kind] | result[kind]
    return result


def _embedded(entry: dict[str, Any], file: Path) -> dict[str, Any]:
    """An entry with the contents of the files that it names; programs and a token's file get absolute paths."""
    result = dict(entry)
    for key, inline in _FILES.items():
        if key not in result:
            continue
        named = file.parent / str(result.pop(key))
        try:
            result.setdefault(inline, base64.b64encode(named.read_bytes()).decode())
        except OSError as error:
            raise ClusterError(f"{file} names {named} as {key}: {error.strerror}") from None
    if "tokenFile" in result:
        # Its contents change: whoever uses it reads it anew.
        result["tokenFile"] = str(file.parent / result["tokenFile"])
    if os.sep in (command := str((result.get("exec") or {}).get("command", ""))):
        result["exec"] = {**result["exec"], "command": str(file.parent / command)}
    return result
