"""What a Helm release's inputs say: every default, the chart's version, and helm's flags for them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from plugins.kubernetes.errors import Object, ProviderError

# Seconds.
DEFAULT_TIMEOUT = 300
# Recorded with every release, as the official plug-in does.
DEFAULTS: Mapping[str, Any] = {
    "allowNullValues": False,
    "atomic": False,
    "cleanupOnFail": False,
    "createNamespace": False,
    "dependencyUpdate": False,
    "description": "",
    "devel": False,
    "disableCRDHooks": False,
    "disableOpenapiValidation": False,
    "disableWebhooks": False,
    "forceUpdate": False,
    "keyring": "",
    "lint": False,
    "postrender": "",
    "recreatePods": False,
    "renderSubchartNotes": False,
    "replace": False,
    "resetValues": False,
    "reuseValues": False,
    "skipAwait": False,
    "skipCrds": False,
    "values": {},
    "verify": False,
    "waitForJobs": False,
}
_OPTIONAL = frozenset(
    ("chart", "name", "namespace", "version", "timeout", "maxHistory", "repositoryOpts", "takeOwnership")
)
# Computed by the plug-in, or for the SDK only: not inputs.
_DROPPED = frozenset(("compat", "status", "resourceNames", "manifest", "checksum"))
_UNSUPPORTED = ("valueYamlFiles",)
_REPOSITORY_FLAGS = {
    "repo": "--repo",
    "caFile": "--ca-file",
    "certFile": "--cert-file",
    "keyFile": "--key-file",
    "username": "--username",
}


def complete(inputs: Object, name: str, namespace: str) -> Object:
    """The inputs with name, namespace and every default filled in.

    :raises ProviderError: an input is unknown or not supported.
    """
    for key in inputs:
        if key in _UNSUPPORTED:
            raise ProviderError(
                f"Release.{key} is not supported by Cairn's stand-in for the Kubernetes plug-in; use values"
            )
        if key not in DEFAULTS and key not in _OPTIONAL and key not in _DROPPED:
            raise ProviderError(f"Release has no input {key!r}")
    if "password" in (inputs.get("repositoryOpts") or {}):
        # It would have to go on helm's command line, for everyone on the machine to see.
        raise ProviderError("Release.repositoryOpts.password is not supported; log in with `helm registry login`")
    given = {key: value for key, value in inputs.items() if key not in _DROPPED}
    result = {**DEFAULTS, **given, "name": name, "namespace": given.get("namespace") or namespace or "default"}
    if not result["skipAwait"]:
        result.setdefault("timeout", DEFAULT_TIMEOUT)
    return result


def local_version(chart: str, has_repository: bool) -> str | None:
    """The version of a chart that is a directory here; None for one that is not.

    Relative paths start at the program's directory, in which the engine runs its plug-ins.

    :raises ProviderError: it should be a directory here, but is none, or has no version.
    """
    if has_repository or "://" in chart:
        return None
    path = Path(chart)
    metadata = path / "Chart.yaml"
    if not metadata.is_file():
        if path.is_absolute() or chart.startswith(".") or path.is_dir():
            raise ProviderError(
                f"no chart at {path.absolute()}: there is no Chart.yaml; `cairn catalog build` puts charts there"
            )
        return None
    content = yaml.safe_load(metadata.read_text())
    version = content.get("version") if isinstance(content, dict) else None
    if not version:
        raise ProviderError(f"{metadata}: the chart has no version")
    return str(version)


def install_flags(inputs: Object, urn: str) -> list[str]:
    """Flags of `helm install`."""
    return [
        *_common_flags(inputs, urn),
        *_switches(
            inputs,
            createNamespace="--create-namespace",
            replace="--replace",
            disableWebhooks="--no-hooks",
        ),
    ]


def upgrade_flags(inputs: Object, urn: str) -> list[str]:
    """Flags of `helm upgrade`."""
    history = inputs.get("maxHistory")
    # Helm takes no values at all for the last release's values; here they mean the chart's own.
    resets = inputs["resetValues"] or (not inputs["values"] and not inputs["reuseValues"])
    return [
        *_common_flags(inputs, urn),
        "--history-max",
        str(history if history is not None else 0),
        *(["--reset-values"] if resets else []),
        *_switches(
            inputs,
            forceUpdate="--force",
            reuseValues="--reuse-values",
            recreatePods="--recreate-pods",
            cleanupOnFail="--cleanup-on-fail",
            disableCRDHooks="--no-hooks",
        ),
    ]


def timeout_flags(inputs: Object) -> list[str]:
    """The wait and its limit."""
    seconds = f"{inputs.get('timeout') or DEFAULT_TIMEOUT}s"
    return ["--timeout", seconds, *([] if inputs["skipAwait"] else ["--wait"])]


def owner_label(urn: str) -> str:
    """What marks a release as this resource's own, so that a run that was killed finds it again."""
    return hashlib.sha256(urn.encode()).hexdigest()[:16]


OWNER = "pulumi-urn"


def _common_flags(inputs: Object, urn: str) -> list[str]:
    repository = inputs.get("repositoryOpts") or {}
    texts = {
        "--description": inputs["description"],
        "--post-renderer": inputs["postrender"],
        "--keyring": inputs["keyring"] if inputs["verify"] else "",
        **{flag: repository.get(key) for key, flag in _REPOSITORY_FLAGS.items()},
    }
    # A chart that is a directory has the version that it has.
    is_local = (Path(inputs["chart"]) / "Chart.yaml").is_file() and not repository.get("repo")
    if not is_local:
        texts["--version"] = inputs.get("version")
    return [
        *timeout_flags(inputs),
        "--labels",
        f"{OWNER}={owner_label(urn)}",
        *[part for flag, text in texts.items() if text for part in (flag, str(text))],
        *(["--wait-for-jobs"] if inputs["waitForJobs"] and not inputs["skipAwait"] else []),
        *_switches(
            inputs,
            atomic="--atomic",
            dependencyUpdate="--dependency-update",
            devel="--devel",
            disableOpenapiValidation="--disable-openapi-validation",
            renderSubchartNotes="--render-subchart-notes",
            skipCrds="--skip-crds",
            takeOwnership="--take-ownership",
            verify="--verify",
        ),
    ]


def _switches(inputs: Object, **flags: str) -> list[str]:
    return [flag for key, flag in flags.items() if inputs.get(key)]
