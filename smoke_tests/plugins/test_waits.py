"""Waits on a real cluster, and what is said when they fail."""

import threading
import time
from typing import Any

import pytest
from kubernetes import client

from smoke_tests.plugins.control_plane import NO_IMAGE
from smoke_tests.plugins.objects import DEPLOYMENT, JOB, SERVICE, config_map, deployment, job, service
from smoke_tests.plugins.provider import CallError, InitError, Provider
from smoke_tests.support.waiting import until


def annotated(inputs: dict[str, Any], **annotations: str) -> dict[str, Any]:
    found = {f"pulumi.com/{key}": value for key, value in annotations.items()}
    return {**inputs, "metadata": {**inputs["metadata"], "annotations": found}}


def test_a_deployment_is_made_when_its_pods_are_ready(provider: Provider, namespace: str) -> None:
    made = provider.create(DEPLOYMENT, "web", deployment(namespace, replicas=2))
    status = made.outputs["status"]
    assert isinstance(status, dict)
    assert status["readyReplicas"] == 2
    updated = deployment(namespace, replicas=2)
    updated["spec"]["template"]["spec"]["containers"][0]["command"] = ["sleep", "1001"]
    outputs = provider.update(made, updated).outputs
    assert outputs["status"]["updatedReplicas"] == 2  # type: ignore[index]
    assert outputs["status"]["replicas"] == 2  # type: ignore[index]


def test_a_deployment_whose_image_cannot_be_pulled_fails_with_its_pods_words_and_is_recorded(
    provider: Provider, api: client.ApiClient, namespace: str
) -> None:
    with pytest.raises(InitError, match="did not get ready") as error:
        provider.create(DEPLOYMENT, "web", deployment(namespace, image=NO_IMAGE), timeout=1)
    made = error.value.made
    assert made.id == f"{namespace}/web"
    assert made.outputs["__inputs"] == made.inputs
    assert "0 of 1 pods ready" in error.value.reasons[0]

    def refused() -> bool:
        pods = client.CoreV1Api(api).list_namespaced_pod(namespace).items
        waiting = [status.state.waiting for pod in pods for status in pod.status.container_statuses or []]
        return any(each is not None and "Pull" in (each.reason or "") for each in waiting)

    until(refused, 60, "a refused pull")
    with pytest.raises(InitError, match="did not get ready") as error:
        provider.update(made, deployment(namespace, image=NO_IMAGE), timeout=1)
    assert any("Pull" in reason and namespace in reason for reason in error.value.reasons)
    # The next run repairs it.
    assert provider.update(made, deployment(namespace)).outputs["status"]["readyReplicas"] == 1  # type: ignore[index]


def test_a_refresh_of_what_is_not_ready_says_so(provider: Provider, namespace: str) -> None:
    with pytest.raises(InitError) as error:
        provider.create(DEPLOYMENT, "web", deployment(namespace, image=NO_IMAGE), timeout=1)
    made = error.value.made
    with pytest.raises(InitError, match="is not ready"):
        provider.read(DEPLOYMENT, "web", made.id, made)


def test_a_job_is_made_when_it_is_complete(provider: Provider, namespace: str) -> None:
    made = provider.create(JOB, "once", job(namespace))
    assert made.outputs["status"]["succeeded"] == 1  # type: ignore[index]


def test_a_job_that_fails_is_an_error_at_once(provider: Provider, namespace: str) -> None:
    started = time.monotonic()
    with pytest.raises(InitError, match="the Job failed"):
        provider.create(JOB, "once", job(namespace, command="exit 1"))
    assert time.monotonic() - started < 90


def test_a_service_waits_for_steady_endpoints(provider: Provider, namespace: str) -> None:
    provider.create(DEPLOYMENT, "web", deployment(namespace))
    started = time.monotonic()
    provider.create(SERVICE, "web", service(namespace))
    assert time.monotonic() - started >= 10


def test_a_service_without_pods_says_so(provider: Provider, namespace: str) -> None:
    with pytest.raises(InitError, match="does not target any Pods"):
        provider.create(SERVICE, "web", service(namespace), timeout=1)


def test_a_headless_service_does_not_wait(provider: Provider, namespace: str) -> None:
    assert provider.create(SERVICE, "web", service(namespace, clusterIP="None"), timeout=1).id


@pytest.mark.parametrize("annotation", [{"skipAwait": "true"}, {"timeoutSeconds": "1"}])
def test_annotations_skip_or_shorten_the_wait(provider: Provider, namespace: str, annotation: dict[str, str]) -> None:
    inputs = annotated(deployment(namespace, image=NO_IMAGE), **annotation)
    if "skipAwait" in annotation:
        assert provider.create(DEPLOYMENT, "web", inputs, timeout=0).id
    else:
        with pytest.raises(InitError, match="timed out after 1 s"):
            provider.create(DEPLOYMENT, "web", inputs, timeout=0)


def test_wait_for_waits_for_what_the_annotation_says(provider: Provider, api: client.ApiClient, namespace: str) -> None:
    inputs = annotated(config_map(namespace, state="new"), waitFor="jsonpath={.data.state}=done")
    core = client.CoreV1Api(api)

    def finish() -> None:
        until(lambda: core.list_namespaced_config_map(namespace, field_selector="metadata.name=words").items, 30, "it")
        core.patch_namespaced_config_map("words", namespace, {"data": {"state": "done"}})

    threading.Thread(target=finish).start()
    made = provider.create("core/v1:ConfigMap", "words", inputs, timeout=30)
    assert made.outputs["data"] == {"state": "done"}
    with pytest.raises(InitError, match=r"waiting for jsonpath=\{\.data\.other\}"):
        other = annotated(config_map(namespace, "other"), waitFor="jsonpath={.data.other}")
        provider.create("core/v1:ConfigMap", "other", other, timeout=1)


def test_a_malformed_wait_for_is_an_error(provider: Provider, namespace: str) -> None:
    inputs = annotated(config_map(namespace), waitFor="Ready")
    with pytest.raises(CallError, match='"jsonpath=" or "condition="'):
        provider.create("core/v1:ConfigMap", "words", inputs)


def test_a_cancel_ends_a_wait_and_the_object_is_recorded(provider: Provider, namespace: str) -> None:
    threading.Timer(2, provider.cancel).start()
    started = time.monotonic()
    with pytest.raises(InitError, match="cancelled") as error:
        provider.create(DEPLOYMENT, "web", deployment(namespace, image=NO_IMAGE))
    assert error.value.made.id == f"{namespace}/web"
    assert time.monotonic() - started < 30


def test_a_claim_without_a_class_that_waits_gets_ready_or_says_why(provider: Provider, namespace: str) -> None:
    claim = {
        "metadata": {"name": "c", "namespace": namespace},
        "spec": {
            "storageClassName": "there-is-no-such-class",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    with pytest.raises(InitError, match="the claim is Pending"):
        provider.create("core/v1:PersistentVolumeClaim", "c", claim, timeout=1)


def test_a_quota_is_made_when_it_is_in_force(provider: Provider, namespace: str) -> None:
    quota = {"metadata": {"name": "q", "namespace": namespace}, "spec": {"hard": {"pods": 3, "requests.cpu": "500m"}}}
    made = provider.create("core/v1:ResourceQuota", "q", quota)
    assert made.outputs["status"]["hard"] == {"pods": "3", "requests.cpu": "500m"}  # type: ignore[index]


def test_waits_of_many_resources_run_side_by_side(provider: Provider, namespace: str) -> None:
    started = time.monotonic()
    errors: list[BaseException] = []

    def wait(index: int) -> None:
        try:
            provider.create(SERVICE, f"s{index}", service(namespace, f"s{index}"), timeout=3)
        except InitError as error:
            errors.append(error)

    threads = [threading.Thread(target=wait, args=(index,)) for index in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 40
    assert time.monotonic() - started < 40
