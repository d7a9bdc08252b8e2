"""The provider's configuration: what is supported of it, and what a change of it means."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes import kubeconfig as kubeconfigs
from plugins.kubernetes.errors import Object, ProviderError
from plugins.kubernetes.kubeconfig import Kubeconfig
from plugins.kubernetes.values import Properties, Unknown, reveal_all

_STAND_IN = "is not supported by Cairn's stand-in for the Kubernetes plug-in"
# helmReleaseSettings that are environment variables of helm.
_HELM_VARIABLES = {
    "pluginsPath": "HELM_PLUGINS",
    "registryConfigPath": "HELM_REGISTRY_CONFIG",
    "repositoryCache": "HELM_REPOSITORY_CACHE",
    "repositoryConfigPath": "HELM_REPOSITORY_CONFIG",
}
_CLUSTER_KEYS = ("kubeconfig", "context", "cluster")


@dataclass(frozen=True)
class Configuration:
    """What the provider's arguments say, with defaults filled in."""

    kubeconfig: Kubeconfig
    namespace: str = ""
    delete_unreachable: bool = False
    # Kinds whose data may change in place.
    mutable: frozenset[str] = frozenset()
    helm_environment: Mapping[str, str] = field(default_factory=dict)


def read(arguments: Properties) -> Configuration:
    """Read the arguments.

    :raises ProviderError: the kubeconfig can't be used, or something is not supported.
    """
    plain = reveal_all(arguments)
    for failure in check(plain):
        raise ProviderError(failure.reason)
    chosen = {
        "ConfigMap": _flag(plain, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
        "Secret": _flag(plain, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    }
    helm = _mapping(plain.get("helmReleaseSettings"))
    return Configuration(
        kubeconfig=_kubeconfig(plain),
        namespace=_text(plain, "namespace"),
        delete_unreachable=_flag(plain, "deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
        mutable=frozenset(kind for kind, is_mutable in chosen.items() if is_mutable),
        helm_environment={name: str(helm[key]) for key, name in _HELM_VARIABLES.items() if helm.get(key)},
    )


def check(arguments: Properties) -> list[provider_pb2.CheckFailure]:
    """What the arguments ask for that is not supported."""
    plain = reveal_all(arguments)
    failures = {}
    if plain.get("renderYamlToDirectory"):
        failures["renderYamlToDirectory"] = f"renderYamlToDirectory {_STAND_IN}"
    if not _flag(plain, "enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", default=True):
        failures["enableServerSideApply"] = f"client-side apply (enableServerSideApply: false) {_STAND_IN}"
    if _flag(plain, "skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"):
        failures["skipUpdateUnreachable"] = f"skipUpdateUnreachable {_STAND_IN}"
    driver = _mapping(plain.get("helmReleaseSettings")).get("driver", "secret")
    if driver not in ("secret", "secrets"):
        failures["helmReleaseSettings"] = f"the Helm driver {driver!r} {_STAND_IN}"
    if _flag(plain, "strictMode"):
        for key in ("kubeconfig", "context"):
            if not plain.get(key):
                failures[key] = f'strict mode requires Provider "{key}" argument'
    return [provider_pb2.CheckFailure(property=key, reason=reason) for key, reason in failures.items()]


def diff(old: Properties, new: Properties) -> provider_pb2.DiffResponse:
    """What a change of the arguments means: replaced are the provider's objects where it is another cluster.

    With `clusterIdentifier` set before and after, that alone tells; without it, the cluster that the kubeconfig's
    context names does.
    """
    before, after = reveal_all(old), reveal_all(new)
    changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    if not changed:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=changed, replaces=_replaced(before, after, changed)
    )


def _replaced(before: Properties, after: Properties, changed: list[str]) -> list[str]:
    identifiers = before.get("clusterIdentifier"), after.get("clusterIdentifier")
    if identifiers[1] and identifiers[0] == identifiers[1]:
        return []
    if all(identifiers):
        return ["clusterIdentifier"]
    unknown = [key for key in _CLUSTER_KEYS if isinstance(after.get(key), Unknown)]
    if unknown:
        # It can't be told, so the careful answer.
        return unknown
    try:
        is_same = _kubeconfig(before).cluster == _kubeconfig(after).cluster
    except ProviderError:
        return []
    return [] if is_same else [key for key in _CLUSTER_KEYS if key in changed]


def _kubeconfig(plain: Properties) -> Kubeconfig:
    return kubeconfigs.load(
        _text(plain, "kubeconfig") or None, _text(plain, "context") or None, _text(plain, "cluster") or None
    )


def _text(plain: Properties, key: str) -> str:
    value = plain.get(key)
    # A kubeconfig may be given as an object.
    return json.dumps(value) if isinstance(value, dict) else str(value or "")


def _flag(plain: Properties, key: str, variable: str = "", default: bool = False) -> bool:
    """An argument, which the engine sends as a text, before the environment variable before the default."""
    if key in plain:
        return plain[key] in (True, "true")
    if variable in os.environ:
        return os.environ[variable] == "true"
    return default


def _mapping(value: object) -> Object:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
