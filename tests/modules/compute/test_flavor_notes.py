from modules.compute.flavor_notes import notes
from modules.compute.queueing import API_VERSION
from modules.contract.api import Object, connect
from tests.fake_api import fake_api

QUEUES = f"/apis/{API_VERSION}"


def queue(name: str, flavor: str, cpu: str) -> Object:
    resources = [{"name": "cpu", "nominalQuota": cpu}]
    group = {"flavors": [{"name": flavor, "resources": resources}]}
    return {"metadata": {"name": name}, "spec": {"resourceGroups": [group]}}


def test_a_flavor_with_quota_whose_labels_no_node_has_is_told_with_its_queues() -> None:
    flavors: list[Object] = [
        {"metadata": {"name": name}, "spec": {"nodeLabels": {"gpu": name}}} for name in ("a100", "h100")
    ]
    with fake_api() as api:
        api.objects[f"{QUEUES}/clusterqueues"] = {
            "items": [queue("a", "a100", "2"), queue("b", "h100", "0"), queue("c", "default", "1")]
        }
        api.objects[f"{QUEUES}/resourceflavors"] = {"items": [*flavors, {"metadata": {"name": "default"}, "spec": {}}]}
        api.objects["/api/v1/nodes"] = {"items": [{"metadata": {"labels": {"gpu": "other"}}}]}
        client = connect(api.kubeconfig)
        assert notes(client, API_VERSION) == ("no node has gpu=a100: what a may use of the flavor a100 can't run",)
        api.objects["/api/v1/nodes"]["items"][0]["metadata"]["labels"]["gpu"] = "a100"
        assert notes(client, API_VERSION) == ()
