"""A kubeconfig in memory: reading it, telling clusters apart, and lending it to code that wants a file.

Keys and tokens are never written to disk: what needs a path gets that of an anonymous file in memory.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from plugins.kubernetes.errors import Object, ProviderError

DEFAULT_PATH = "~/.kube/config"


@dataclass(frozen=True)
class Kubeconfig:
    """A kubeconfig's content, with the context and cluster that the provider's configuration chose."""

    content: Object
    context: str

    @property
    def cluster(self) -> Object:
        """The entry of the cluster that the context names: server, certificate authority and so on."""
        return _named(self.content, "clusters", _named(self.content, "contexts", self.context)["cluster"])


def load(text: str | None, context: str | None = None, cluster: str | None = None) -> Kubeconfig:
    """Read a kubeconfig: its text, the path of one, or, when None, the ambient one ($KUBECONFIG or ~/.kube/config).

    :raises ProviderError: when it is not there, is malformed, or has no such context or cluster.
    """
    content = _parse(text) if text else _parse(os.environ.get("KUBECONFIG") or DEFAULT_PATH)
    name = context or content.get("current-context")
    if not name:
        raise ProviderError("the kubeconfig has no current-context: set the provider's `context`")
    chosen = _named(content, "contexts", name)
    if cluster:
        _named(content, "clusters", cluster)
        entry = {"name": name, "context": {**chosen, "cluster": cluster}}
        others = [item for item in content["contexts"] if item["name"] != name]
        content = {**content, "contexts": [*others, entry]}
    kubeconfig = Kubeconfig({**content, "current-context": name}, name)
    _ = kubeconfig.cluster
    return kubeconfig


def _parse(text: str) -> Object:
    base = None
    if "\n" not in text and not text.lstrip().startswith("{"):
        # As kubectl does, a relative path inside a kubeconfig file starts at that file.
        path = Path(text).expanduser()
        try:
            text, base = path.read_text(), path.parent
        except OSError as error:
            raise ProviderError(f"the kubeconfig {path} can't be read: {error.strerror}") from None
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        # The parser's message would quote the text, which may hold a key.
        raise ProviderError("the kubeconfig is not valid YAML") from None
    if not isinstance(content, dict) or not content.get("contexts") or not content.get("clusters"):
        raise ProviderError("the kubeconfig has no contexts or no clusters")
    return _with_absolute_paths(content, base) if base else content


def _with_absolute_paths(content: Object, base: Path) -> Object:
    def resolve(entry: Object) -> Object:
        return {
            key: str(base / value) if key in _PATHS and isinstance(value, str) else value
            for key, value in entry.items()
        }

    clusters = [{**item, "cluster": resolve(item["cluster"])} for item in content["clusters"]]
    users = [{**item, "user": resolve(item.get("user") or {})} for item in content.get("users") or []]
    return {**content, "clusters": clusters, "users": users}


_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def _named(content: Object, section: str, name: str) -> Object:
    for item in content.get(section) or []:
        if item.get("name") == name:
            return cast(Object, item.get(section[:-1]) or {})
    raise ProviderError(f"the kubeconfig has no {section[:-1]} named {name!r}")


class MemoryFile:
    """An anonymous file in memory, at `path` for this process and for children that inherit `descriptor`."""

    def __init__(self, data: bytes) -> None:
        self.descriptor = os.memfd_create("plugin", os.MFD_CLOEXEC)
        os.fchmod(self.descriptor, 0o600)
        os.write(self.descriptor, data)
        self.path = f"/proc/self/fd/{self.descriptor}"


def for_helm(kubeconfig: Kubeconfig) -> MemoryFile:
    """The whole kubeconfig as a file."""
    return MemoryFile(yaml.safe_dump(kubeconfig.content).encode())


def for_client(kubeconfig: Kubeconfig) -> tuple[Object, list[MemoryFile]]:
    """The kubeconfig with inline certificates and keys replaced by files in memory; keep the files while it is used.

    The official client would write them to the temporary directory.
    """
    files: list[MemoryFile] = []

    def replace(entry: Mapping[str, Any]) -> Object:
        result = dict(entry)
        for key in _PATHS:
            data = result.pop(f"{key}-data", None)
            if data:
                files.append(MemoryFile(base64.b64decode(data)))
                result[key] = files[-1].path
        return result

    content = dict(kubeconfig.content)
    content["clusters"] = [{**item, "cluster": replace(item["cluster"])} for item in content["clusters"]]
    content["users"] = [{**item, "user": replace(item.get("user") or {})} for item in content.get("users") or []]
    return content, files
