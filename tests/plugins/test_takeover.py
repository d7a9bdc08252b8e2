"""A stack that the official plug-in made (official_state.json records one) is taken over without a change.

Values that the record leaves out or shortens stand in it as words, and are the same on both sides here.
"""

import copy
import json
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from pulumi.runtime.proto import provider_pb2

from plugins.kubernetes import charts
from plugins.kubernetes.applying import Objects
from plugins.kubernetes.checking import Naming
from plugins.kubernetes.cluster import Cluster
from plugins.kubernetes.configuration import Configuration
from plugins.kubernetes.engine import Engine
from plugins.kubernetes.errors import Object
from plugins.kubernetes.kinds import RELEASE, Kind
from plugins.kubernetes.object_calls import ObjectCalls
from plugins.kubernetes.release_calls import ReleaseCalls
from plugins.kubernetes.releases import Releases
from plugins.kubernetes.values import decode, encode, reveal_all
from tests.plugins.fake_cluster import FakeCluster

RECORD = json.loads((Path(__file__).parent / "official_state.json").read_text())
OBJECTS = [each for each in RECORD if each["type"].startswith("kubernetes:") and RELEASE not in each["type"]]
[RELEASED] = [each for each in RECORD if RELEASE in each["type"]]
NAMING = Naming("anything", b"", "", False)
AUTONAMED = "pulumi.com/autonamed"


def recorded(resource: Object) -> Any:
    return pytest.param(resource, id=resource["type"].rpartition(":")[2])


@pytest.fixture
def cluster() -> FakeCluster:
    """Serves the record's kinds, and holds its objects as they were."""
    made = FakeCluster()
    made.resources["/api/v1"].append({"kind": "Service", "name": "services", "namespaced": True})
    flavors = {"kind": "ResourceFlavor", "name": "resourceflavors", "namespaced": False}
    made.resources["/apis/kueue.x-k8s.io/v1beta2"] = [flavors]
    slices = {"kind": "EndpointSlice", "name": "endpointslices", "namespaced": True}
    made.resources["/apis/discovery.k8s.io/v1"] = [slices]
    ready = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}}
    endpoints: Object = {"items": [{"metadata": {"name": "web-x"}, "endpoints": [ready]}]}
    made.hook = lambda method, path, query, body: endpoints if path.endswith("endpointslices") else None
    for each in OBJECTS:
        kind = Kind.of(each["inputs"])
        plural = next(one for one in made.resources[_api(kind)] if one["kind"] == kind.name)
        namespace = f"/namespaces/{each['id'].partition('/')[0]}" if plural["namespaced"] else ""
        path = f"{_api(kind)}{namespace}/{plural['name']}/{each['id'].rpartition('/')[2]}"
        made.objects[path] = {key: value for key, value in each["outputs"].items() if not key.startswith("__")}
    return made


def _api(kind: Kind) -> str:
    return f"/{'apis' if kind.group else 'api'}/{kind.api_version}"


@pytest.fixture
def calls(cluster: FakeCluster) -> ObjectCalls:
    objects = Objects(cast(Cluster, cluster), threading.Event(), patience=0)
    return ObjectCalls(objects, Configuration(cast(Any, None)), Engine())


def written(resource: Object) -> Object:
    """What the program says: the recorded inputs without the name that the plug-in gave."""
    inputs: Object = copy.deepcopy(resource["inputs"])
    if inputs["metadata"].get("annotations", {}).pop(AUTONAMED, None):
        del inputs["metadata"]["annotations"], inputs["metadata"]["name"]
    return inputs


def diff(resource: Object, news: Object) -> provider_pb2.DiffRequest:
    olds, old_inputs = encode(resource["outputs"]), encode(resource["inputs"])
    return provider_pb2.DiffRequest(id=resource["id"], olds=olds, old_inputs=old_inputs, news=encode(news))


@pytest.mark.parametrize("resource", [recorded(each) for each in OBJECTS])
def test_the_same_program_comes_to_the_recorded_inputs_and_to_no_change(resource: Object, calls: ObjectCalls) -> None:
    news = reveal_all(calls.check(Kind.of(resource["inputs"]), written(resource), resource["inputs"], NAMING))
    assert news == resource["inputs"]
    assert calls.diff(diff(resource, news)).changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize("resource", [recorded(each) for each in OBJECTS])
def test_a_refresh_finds_the_recorded_state(resource: Object, calls: ObjectCalls) -> None:
    request = provider_pb2.ReadRequest(
        id=resource["id"],
        urn=f"urn:pulumi:rec::spike::{resource['type']}::x",
        properties=encode(resource["outputs"]),
        inputs=encode(resource["inputs"]),
    )
    found = calls.read(Kind.of(resource["inputs"]), request)
    assert found.id == resource["id"]
    assert reveal_all(decode(found.inputs)) == resource["inputs"]
    assert reveal_all(decode(found.properties)) == resource["outputs"]


def test_a_release_of_the_same_program_comes_to_the_recorded_inputs_and_to_no_change(cluster: FakeCluster) -> None:
    given = {key: RELEASED["inputs"][key] for key in ("chart", "namespace", "timeout", "values", "version", "name")}
    news = charts.complete({**given, "compat": "true"}, "kueue", "")
    recorded_inputs = {key: value for key, value in RELEASED["inputs"].items() if key != "compat"}
    assert {key: value for key, value in reveal_all(news).items() if key != "compat"} == recorded_inputs
    objects = Objects(cast(Cluster, cluster), threading.Event())
    released = ReleaseCalls(Releases(cast(Any, None), objects), Configuration(cast(Any, None)), Engine())
    assert released.diff(diff(RELEASED, RELEASED["inputs"])).changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize("resource", [recorded(each) for each in OBJECTS])
def test_a_change_of_what_was_recorded_is_seen(resource: Object, calls: ObjectCalls) -> None:
    news = copy.deepcopy(resource["inputs"])
    news["metadata"]["labels"] = {"new": "one"}
    assert calls.diff(diff(resource, news)).changes == provider_pb2.DiffResponse.DIFF_SOME
