import ipaddress
import json
from pathlib import Path
from urllib.request import proxy_bypass

import httpx
import pytest

from cairn import proxies
from cairn.preflight.check import Status
from cairn.settings import Settings, render, settings_file
from catalog.directories import environment_root
from modules.contract.api import connect
from profiles.load import load
from tests.cairn.test_access import ADMIN

PROXY = "http://127.0.0.1:9"
LAB = load(
    "laptop", {"cluster.address_range": "10.77.0.0/24", "cluster.workers": 2, "modules.gateway.domain": "lab.test"}
)


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*proxies.PROXIES, *proxies.NAMES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "corp.example")


def entries(value: str) -> list[str]:
    return value.split(",")


def test_an_environments_own_ranges_domain_and_loopback_pass_the_proxy_by_and_nothing_of_the_shells_is_lost() -> None:
    found = proxies.past({"NO_PROXY": "corp.example, localhost", "no_proxy": "other"}, proxies.own(LAB))
    assert found["NO_PROXY"] == found["no_proxy"]
    got = entries(found["NO_PROXY"])
    assert got[:3] == ["corp.example", "localhost", "other"]
    assert {"127.0.0.1", "::1", "10.77.0.0/24", "10.244.0.0/16", "10.96.0.0/16", ".lab.test"} <= set(got)
    assert len(got) == len(set(got))
    assert proxies.past(found, proxies.own(LAB)) == found


@pytest.mark.usefixtures("behind")
def test_each_client_in_this_process_reaches_the_environment_without_the_proxy() -> None:
    import os

    proxies.pass_by(LAB, os.environ)
    for host in ("10.77.0.11", "10.77.0.2", "10.77.0.22", "lab.test", "tracking.lab.test", "127.0.0.1", "localhost"):
        assert proxy_bypass(host), host  # urllib, requests, boto3
        with httpx.Client() as client:
            transport = client._transport_for_url(httpx.URL(f"https://{host}"))
            assert transport is client._transport, host
    assert not proxy_bypass("registry.example")
    api = connect(ADMIN.replace("10.89.0.11", "10.77.0.11"))
    assert type(api.rest_client.pool_manager).__name__ == "PoolManager"


@pytest.mark.usefixtures("behind")
def test_an_existing_cluster_is_reached_as_its_owner_says() -> None:
    existing = load("laptop", {"cluster.provider": "existing"})
    assert not [each for each in proxies.own(existing) if each[0].isdigit()]
    api = connect(ADMIN)
    assert type(api.rest_client.pool_manager).__name__ == "ProxyManager"


def test_what_is_known_covers_each_environment_of_the_checkout_and_of_the_machine(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies, "REPOSITORY", checkout)
    settings_file("lab").write_text(
        render({}, Settings(profile="laptop", set={"cluster.address_range": "10.77.0.0/24"}))
    )
    (checkout / "Pulumi.lost.yaml").write_text("config:\n  cairn:profile: /nowhere/mine.yaml\n")
    record = environment_root("old") / "network.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"environment": "old", "address_range": "10.66.0.0/24"}))
    ranges = [ipaddress.ip_network(each) for each in proxies.known() if "/" in each]
    for address in ("10.77.0.11", "10.66.0.11", "10.89.0.11", "10.244.3.4", "10.96.0.1"):
        assert any(ipaddress.ip_address(address) in network for network in ranges), address


def test_preflight_names_the_proxy_without_its_password() -> None:
    assert proxies.look(LAB, {}) == []
    [check] = proxies.look(LAB, {"HTTPS_PROXY": "http://me:secret@proxy.example:3128"})
    assert check.status is Status.PASS
    assert "HTTPS_PROXY=http://proxy.example:3128" in check.found and "secret" not in check.found
    assert "10.77.0.0/24" in check.found
    [existing] = proxies.look(load("laptop", {"cluster.provider": "existing"}), {"https_proxy": PROXY})
    assert existing.status is Status.WARN and "NO_PROXY" in existing.fix
