"""Check: the inputs that the state records, as the record of the official plug-in has them."""

import base64
import re

import pytest

from plugins.kubernetes.checking import Naming, check
from plugins.kubernetes.errors import ProviderError
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.values import UNKNOWN, Properties, Secret

CONFIG_MAP = Kind("v1", "ConfigMap")
SECRET = Kind("v1", "Secret")
AUTONAMED = {"pulumi.com/autonamed": "true"}


def inputs(kind: Kind, **rest: object) -> Properties:
    return {"apiVersion": kind.api_version, "kind": kind.name, **rest}


def test_named_inputs_stay_as_they_are() -> None:
    given = inputs(CONFIG_MAP, metadata={"name": "a", "namespace": "b"}, data={"c": "d"})
    assert check(CONFIG_MAP, given, {}, Naming("urn-name")) == given


def test_a_new_object_without_a_name_gets_a_dash_and_eight_hex_digits_and_the_annotation() -> None:
    metadata = check(CONFIG_MAP, inputs(CONFIG_MAP), {}, Naming("s"))["metadata"]
    assert isinstance(metadata, dict)
    assert re.fullmatch(r"s-[0-9a-f]{8}", metadata["name"])
    assert metadata["annotations"] == AUTONAMED


def test_the_same_seed_gives_the_same_name() -> None:
    made = [check(CONFIG_MAP, inputs(CONFIG_MAP), {}, Naming("s", seed=b"1")) for _ in range(2)]
    assert made[0] == made[1]


def test_an_autonamed_object_keeps_its_name() -> None:
    old = inputs(CONFIG_MAP, metadata={"name": "s-12345678", "annotations": AUTONAMED})
    checked = check(CONFIG_MAP, inputs(CONFIG_MAP, metadata={"labels": {"a": "b"}}), old, Naming("s"))
    assert checked["metadata"] == {"name": "s-12345678", "annotations": AUTONAMED, "labels": {"a": "b"}}


def test_an_object_that_lost_its_name_is_not_given_the_old_one() -> None:
    old = inputs(CONFIG_MAP, metadata={"name": "chosen"})
    assert check(CONFIG_MAP, inputs(CONFIG_MAP, metadata={}), old, Naming("s"))["metadata"] == {}


def test_the_engines_proposal_is_taken_and_disabled_naming_is_an_error() -> None:
    proposed = check(CONFIG_MAP, inputs(CONFIG_MAP), {}, Naming("s", proposed="mine"))["metadata"]
    assert isinstance(proposed, dict)
    assert proposed["name"] == "mine"
    with pytest.raises(ProviderError, match="naming is disabled"):
        check(CONFIG_MAP, inputs(CONFIG_MAP), {}, Naming("s", disabled=True))


def test_string_data_of_a_secret_becomes_data_and_all_of_it_is_secret() -> None:
    given = inputs(SECRET, metadata={"name": "a"}, stringData={"password": "hush"}, data={"other": "eA=="})
    checked = check(SECRET, given, {}, Naming("s"))
    encoded = base64.b64encode(b"hush").decode()
    assert checked["data"] == Secret({"other": "eA==", "password": encoded})
    assert "stringData" not in checked


def test_a_secret_whose_data_is_not_known_yet_stays_as_it_is_but_secret() -> None:
    checked = check(SECRET, inputs(SECRET, metadata={"name": "a"}, stringData={"p": UNKNOWN}), {}, Naming("s"))
    assert checked["stringData"] == Secret({"p": UNKNOWN})


def test_a_secret_value_anywhere_stays_secret() -> None:
    given = inputs(CONFIG_MAP, metadata={"name": "a"}, data={"c": Secret("hush")})
    assert check(CONFIG_MAP, given, {}, Naming("s"))["data"] == {"c": Secret("hush")}


def test_api_version_and_kind_come_from_the_type_when_they_are_left_out() -> None:
    checked = check(Kind("apps/v1", "Deployment"), {"metadata": {"name": "a"}}, {}, Naming("s"))
    assert (checked["apiVersion"], checked["kind"]) == ("apps/v1", "Deployment")


def test_metadata_that_only_the_api_server_writes_is_dropped() -> None:
    given = inputs(CONFIG_MAP, metadata={"name": "a", "uid": "x", "resourceVersion": "1", "managedFields": []})
    assert check(CONFIG_MAP, given, {}, Naming("s"))["metadata"] == {"name": "a"}


def test_the_providers_namespace_fills_in_for_namespaced_kinds_only() -> None:
    given = inputs(CONFIG_MAP, metadata={"name": "a"})
    namespaced = check(CONFIG_MAP, given, {}, Naming("s"), "team", lambda _: True)["metadata"]
    cluster_wide = check(CONFIG_MAP, given, {}, Naming("s"), "team", lambda _: False)["metadata"]
    assert namespaced == {"name": "a", "namespace": "team"}
    assert cluster_wide == {"name": "a"}


def test_quantities_that_are_numbers_become_texts_in_built_in_kinds() -> None:
    pod = Kind("v1", "Pod")
    container = {"name": "c", "resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": 0.5}}}
    checked = check(pod, inputs(pod, metadata={"name": "a"}, spec={"containers": [container]}), {}, Naming("s"))
    resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "0.5"}}
    assert checked["spec"] == {"containers": [{"name": "c", "resources": resources}]}


def test_numbers_in_definitions_and_custom_resources_stay_numbers() -> None:
    definition = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    given = inputs(definition, metadata={"name": "a"}, spec={"default": {"n": 1}})
    assert check(definition, given, {}, Naming("s")) == given
    queue = Kind("kueue.x-k8s.io/v1beta2", "ClusterQueue")
    given = inputs(queue, metadata={"name": "a"}, spec={"limits": {"n": 1}})
    assert check(queue, given, {}, Naming("s")) == given


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        (CONFIG_MAP, {"metadata": {"generateName": "a-"}}, "generateName"),
        (Kind("v1", "ConfigMapList"), {}, "ConfigMapList"),
        (Kind("apps/v1", "DeploymentPatch"), {}, "DeploymentPatch"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(kind: Kind, given: Properties, words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        check(kind, given, {}, Naming("s"))


def test_metadata_that_is_not_known_yet_is_left_alone() -> None:
    assert check(CONFIG_MAP, inputs(CONFIG_MAP, metadata=UNKNOWN), {}, Naming("s"))["metadata"] is UNKNOWN
