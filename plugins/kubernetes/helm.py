"""Runs the `helm` binary, and reads and repairs the records that it keeps of releases (Secrets in their namespace)."""

import base64
import gzip
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from plugins.kubernetes import kubeconfig as kubeconfigs
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.errors import ApiError, Object, ProviderError
from plugins.kubernetes.objects import get, name_of

METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
PENDING = frozenset(("pending-install", "pending-upgrade", "pending-rollback"))
UNINSTALLING = "uninstalling"


class HelmError(ProviderError):
    """Helm failed; the text is Helm's own."""


@dataclass(frozen=True)
class Revision:
    """One revision of a release, from the labels of its record."""

    number: int
    status: str
    secret: str
    labels: Mapping[str, str]


class Helm:
    """Helm on one cluster."""

    def __init__(self, cluster: Cluster, cancelled: threading.Event, environment: Mapping[str, str]) -> None:
        self._cluster = cluster
        self._cancelled = cancelled
        self._environment = environment
        self._lock = threading.Lock()
        self._kubeconfig: kubeconfigs.MemoryFile | None = None

    def run(self, arguments: Sequence[str], values: Object | None = None) -> str:
        """Run helm to its end and return its output. Values go through standard input: they may be secret.

        On a cancel, helm is asked to stop and marks its release as failed.

        :raises HelmError: helm is not there, or failed.
        """
        kubeconfig, environment = self._prepare()
        command = [_binary(), *arguments, *(["--values", "-"] if values is not None else [])]
        process = subprocess.Popen(
            command, env=environment, pass_fds=[kubeconfig.descriptor],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        output, errors = self._communicate(process, json.dumps(values) if values is not None else "")
        if process.returncode:
            raise HelmError(_without_warnings(errors) or f"helm ended with {process.returncode}")
        return output

    def latest(self, namespace: str, name: str) -> Revision | None:
        """A release's newest revision; None where there is no such release."""
        path = f"/api/v1/namespaces/{namespace}/secrets"
        found = self._cluster.request("GET", path, {"labelSelector": f"owner=helm,name={name}"}, accept=METADATA_ONLY)
        revisions = [
            Revision(int(labels["version"]), labels["status"], name_of(item), labels)
            for item in found.get("items") or []
            if (labels := get(item, "metadata", "labels"))
        ]
        return max(revisions, key=lambda revision: revision.number, default=None)

    def record(self, namespace: str, revision: Revision) -> Object:
        """What helm recorded of a revision: chart, config, manifest, info, version."""
        secret = self._cluster.request("GET", f"/api/v1/namespaces/{namespace}/secrets/{revision.secret}")
        data = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        return cast(Object, json.loads(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data))

    def repair(self, namespace: str, name: str) -> Revision | None:
        """Remove the record of a revision that helm was killed in, which blocks every later operation.

        What that revision had made stays and is taken up by the next one; an uninstallation is brought to its end.
        Returns the newest whole revision.
        """
        while (revision := self.latest(namespace, name)) and revision.status in (*PENDING, UNINSTALLING):
            if revision.status == UNINSTALLING:
                self.run(["uninstall", name, "--namespace", namespace, "--ignore-not-found", "--wait"])
                continue
            try:
                self._cluster.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets/{revision.secret}")
            except ApiError as error:
                if error.code != 404:
                    raise
        return revision

    def _prepare(self) -> tuple[kubeconfigs.MemoryFile, dict[str, str]]:
        with self._lock:
            if self._kubeconfig is None:
                self._kubeconfig = kubeconfigs.for_helm(self._cluster.kubeconfig)
        # Helm would keep what it discovers for ten minutes by address; another cluster may be at that address by then.
        nowhere = {"KUBECONFIG": self._kubeconfig.path, "KUBECACHEDIR": os.devnull}
        return self._kubeconfig, {**os.environ, **self._environment, **nowhere}

    def _communicate(self, process: subprocess.Popen[str], text: str) -> tuple[str, str]:
        unsent: str | None = text
        asked = False
        while True:
            try:
                return process.communicate(unsent, timeout=0.5)
            except subprocess.TimeoutExpired:
                unsent = None
                if self._cancelled.is_set() and not asked:
                    asked = True
                    process.terminate()


def _binary() -> str:
    binary = shutil.which("helm")
    if binary is None:
        raise HelmError('helm is not on PATH; `eval "$(cairn env)"` puts it there')
    return binary


def _without_warnings(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip() and not line.startswith(("WARNING:", "level=", "W1"))]
    return "\n".join(lines).removeprefix("Error: ").strip()
