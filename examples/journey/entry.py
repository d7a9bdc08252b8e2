"""Names at the platform's entry point for what a team serves."""

import os
import time

import httpx
from kubernetes import client

TEAM, DOMAIN = os.environ["TEAM"], os.environ["DOMAIN"]
ROUTES = {"group": "gateway.networking.k8s.io", "version": "v1", "namespace": TEAM, "plural": "httproutes"}
SECONDS = 300


def publish(name: str, rules: list[dict[str, object]]) -> str:
    """Leads the team's host of that name by these rules, with an HTTPRoute that is made or changed; its address."""
    host = f"{name}--{TEAM}.{DOMAIN}"
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": TEAM},
        "spec": {
            "parentRefs": [{"name": "platform", "namespace": "gateway"}],
            "hostnames": [host],
            "rules": rules,
        },
    }
    objects = client.CustomObjectsApi()
    try:
        objects.patch_namespaced_custom_object(**ROUTES, name=name, body=route)
    except client.ApiException as error:
        if error.status != 404:
            raise
        objects.create_namespaced_custom_object(**ROUTES, body=route)
    return f"https://{host}"


def reach(url: str, token: str) -> None:
    """Waits until what stands behind the name answers: the entry point learns of both some moments later."""
    deadline = time.monotonic() + SECONDS
    signed_in = {"Authorization": f"Bearer {token}"}
    while (answer := httpx.get(url, headers=signed_in, timeout=SECONDS)).is_error:
        if time.monotonic() > deadline:
            raise SystemExit(f"{url}: HTTP {answer.status_code}; why: kubectl get httproutes --output yaml")
        time.sleep(1)


def withdraw(name: str) -> None:
    """Takes the host of that name away again."""
    client.CustomObjectsApi().delete_namespaced_custom_object(**ROUTES, name=name)
