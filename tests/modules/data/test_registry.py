"""The registry of teams' images: one pod of which nodes are told before it is there."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
import yaml

from modules.data.registry import MODULE
from modules.registry import node_registries
from profiles.load import load
from profiles.schema import Profile

LAPTOP = load("laptop")


def one(kind: str, profile: Profile = LAPTOP, name: str | None = None) -> dict[str, Any]:
    [found] = [
        made
        for made in MODULE.objects(profile)
        if made["kind"] == kind and (name is None or made["metadata"]["name"] == name)
    ]
    return found


@pytest.mark.parametrize("services", ["10.96.0.0/16", "10.20.30.0/24"])
def test_nodes_pull_from_an_address_that_only_the_service_can_have(services: str) -> None:
    profile = load("laptop", {"cluster.service_range": services})
    address = one("Service", profile)["spec"]["clusterIP"]
    assert node_registries(profile) == {"registry.cairn.test": f"http://{address}:5001/v2"}
    # What Kubernetes hands out by itself begins behind the first sixteen of any range.
    assert IPv4Address(address) - int(IPv4Network(services)[0]) < IPv4Address(16)
    assert address not in (str(IPv4Network(services)[1]), str(IPv4Network(services)[10]))


def test_on_a_cluster_that_exists_the_address_is_the_clusters_to_choose() -> None:
    assert "clusterIP" not in one("Service", load("laptop", {"cluster.provider": "existing"}))["spec"]


def test_nodes_are_told_of_it_where_it_is_on_and_of_its_own_domain() -> None:
    assert node_registries(load("mini")) == {}
    assert set(node_registries(load("laptop", {"modules.gateway.domain": "a.test"}))) == {"registry.a.test"}


def test_only_the_door_reaches_what_can_be_written_to() -> None:
    files = {name: yaml.safe_load(text) for name, text in one("ConfigMap", name="configuration")["data"].items()}
    assert files["registry.yml"]["http"]["addr"].startswith("127.0.0.1:")
    assert files["nodes.yml"]["storage"]["maintenance"]["readonly"]["enabled"]
    containers = {each["name"]: each for each in one("StatefulSet")["spec"]["template"]["spec"]["containers"]}
    writable = {
        name
        for name, container in containers.items()
        for mount in container["volumeMounts"]
        if mount["name"] == "data" and not mount["readOnly"]
    }
    assert writable == {"registry"}


def test_only_the_door_has_a_token() -> None:
    pod = one("StatefulSet")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    holding = [
        each["name"] for each in pod["containers"] for mount in each["volumeMounts"] if mount["name"] == "account"
    ]
    assert holding == ["door"]


def test_the_volume_is_as_large_as_the_profile_says() -> None:
    [claim] = one("StatefulSet", load("laptop", {"modules.registry.size": "7Gi"}))["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "7Gi"
