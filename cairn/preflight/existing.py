"""Whether the cluster of a kubeconfig can be used."""

from pathlib import Path

from kubernetes.client import ApiClient

from cairn.preflight.check import Check, failed, passed
from modules.contract.api import ApiError, connect, request
from stacks.clusters.kubeconfig import portable
from stacks.errors import ClusterError

BY_PULUMI = ": pulumi config set kubeconfig PATH"
"""The fix that the program names, which is the same as ours said in Pulumi's words."""
NAME_IT = "cairn up PROFILE --kubeconfig FILE --context NAME"


def look(kubeconfig: str, context: str) -> list[Check]:
    """Ask the API server for its version, and whether we may do anything there."""
    if not kubeconfig:
        return [failed("kubeconfig", "the profile uses an existing cluster and none is named", NAME_IT)]
    try:
        client = connect(portable(kubeconfig, context or None, Path.cwd()))
    except ClusterError as error:
        return [failed("kubeconfig", str(error).removesuffix(BY_PULUMI), NAME_IT)]
    except ApiError as error:
        return [failed("kubeconfig", f"{error}\n(from {kubeconfig})", NAME_IT)]
    try:
        version = request(client, "GET", "/version", timeout_seconds=5)["gitVersion"]
    except ApiError as error:
        ask = f"KUBECONFIG={kubeconfig} kubectl version, or {NAME_IT}"
        return [failed("cluster", f"{error}\n(from {kubeconfig})", ask)]
    return [passed("cluster", f"Kubernetes {version} at {client.configuration.host}"), _rights(client)]


def _rights(client: ApiClient) -> Check:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    try:
        allowed = request(client, "POST", path, review)["status"]["allowed"]
    except ApiError as error:
        return failed("rights", str(error), NAME_IT)
    if not allowed:
        return failed(
            "rights", "this user may not do everything on the cluster", "name a cluster administrator's context"
        )
    return passed("rights", "cluster administrator")
