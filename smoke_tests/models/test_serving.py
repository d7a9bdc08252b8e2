"""The serving module: models over HTTPS: to whom, at which weights, with how many replicas, and what goes wrong."""

import functools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from modules.contract.api import ApiError, Object
from smoke_tests.support import pods
from smoke_tests.support.cluster import POD, Cluster, Kind
from smoke_tests.support.entry import ROUTE_SECONDS, Entry, route, team_host
from smoke_tests.support.models import (
    NAME,
    Caller,
    change_model,
    inference_service,
    model_status,
    named_columns,
    pods_messages,
    rows,
    sentences,
    train_and_store,
    until_ready,
)
from smoke_tests.support.team import Team, kubeconfig, token
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import pod

pytestmark = pytest.mark.together("serving")

DEPLOYMENT = Kind("apps/v1", "deployments")
REFERENCE = json.loads((Path(__file__).parents[1] / "support" / "data" / "sentence_embeddings.json").read_text())
"""What PyTorch and transformers compute for the same sentences with the same weights; its `made_by` says how."""
SCALE_SECONDS = 420
"""metrics-server and the autoscaler look every 15 s; a replica is taken away after a minute, elsewhere after five."""
FAILURE_SECONDS = 180
"""A pod's start, its failure, and once more: a container's last words are there when it has ended twice."""
VERSION = "x-model-version"

KNOCK = """
import os, urllib.error, urllib.request
for port, token in ((80, None), (80, "wrong"), (80, os.environ["OTHER"]), (80, os.environ["OWN"]), (8081, None)):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        address = f"http://{os.environ['MODEL' if port == 80 else 'POD']}:{port}/v2/models/iris"
        print(urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20).status)
    except urllib.error.HTTPError as refusal:
        print(refusal.code)
    except urllib.error.URLError as failure:
        print("refused" if isinstance(failure.reason, ConnectionRefusedError) else failure)
"""


class Served(NamedTuple):
    """A team's models, and who asks them."""

    team: Team
    member: Cluster
    caller: Caller
    asked: dict[str, list[float]]
    answers: dict[str, list[int]]
    hosts: dict[str, str]


@pytest.fixture(scope="module")
def entry(cluster: Cluster) -> Entry:
    return Entry(cluster)


@pytest.fixture(scope="module")
def served(cluster: Cluster, entry: Entry, shared_teams: Callable[..., Team]) -> Served:
    """Two versions of a model, one more as MLflow keeps it and sentence embeddings, all made by a member."""
    team = shared_teams(access=True)
    known = train_and_store(cluster, team)
    member = cluster.as_user(kubeconfig(cluster, team))
    made = {
        "v1": inference_service("v1", team.namespace, "sklearn", f"s3://{team.name}/v1"),
        "v2": inference_service("v2", team.namespace, "sklearn", f"s3://{team.name}/v2", minReplicas=1, maxReplicas=2),
        "mlflow": inference_service("mlflow", team.namespace, "mlflow", f"s3://{team.name}/mlflow"),
        "sentences": inference_service("sentences", team.namespace, "huggingface"),
    }
    # What the load is measured against.
    made["v2"]["spec"]["predictor"]["model"]["resources"] = {"requests": {"cpu": "100m"}}
    hosts = {name: team_host(cluster, name, team.name) for name in (*made, "weighed")}
    for name, manifest in made.items():
        member.create(manifest)
        member.create(route(name, team.namespace, hosts[name], [{"backendRefs": [backend(name)]}]))
    chosen = [
        {"matches": [{"headers": [{"name": VERSION, "value": version}]}], "backendRefs": [backend(version)]}
        for version in ("v1", "v2")
    ]
    shared = {"backendRefs": [backend("v1", 80), backend("v2", 20)]}
    member.create(route("weighed", team.namespace, hosts["weighed"], [*chosen, shared]))
    for name in made:
        until_ready(member, name, team.namespace)
    served = Served(team, member, Caller(entry, token(cluster, team)), known["asked"], known["answers"], hosts)
    for host in hosts.values():
        until(functools.partial(served.caller.reaches, host), ROUTE_SECONDS, host)
    return served


def backend(name: str, weight: int = 1) -> Object:
    return {"name": f"{name}-predictor", "port": 80, "weight": weight}


def test_serving_is_ready(ready: Callable[[str], None]) -> None:
    ready("serving")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_scikit_learn_model_predicts_what_it_predicts_where_it_was_trained(served: Served, version: str) -> None:
    answer = served.caller.infer(served.hosts[version], rows(served.asked))
    assert answer["outputs"][0]["data"] == served.answers[version]
    assert served.answers["v1"] != served.answers["v2"]


def test_an_mlflow_model_predicts_what_it_predicts_where_it_was_trained(served: Served) -> None:
    answer = served.caller.infer(served.hosts["mlflow"], named_columns(served.asked))
    assert answer["outputs"][0]["data"] == served.answers["mlflow"]


def test_an_mlflow_model_holds_its_callers_to_its_signature(served: Served) -> None:
    told = served.caller.ask(served.hosts["mlflow"], f"/v2/models/{NAME}").json()
    assert [tensor["name"] for tensor in told["inputs"]] == list(served.asked)
    one = {"sepal_length": served.asked["sepal_length"]}
    refused = served.caller.ask(served.hosts["mlflow"], f"/v2/models/{NAME}/infer", named_columns(one))
    assert refused.status_code == 400
    assert "Traceback" not in refused.text
    assert "missing inputs" in refused.text
    assert "petal_width" in refused.text


def test_a_wrong_number_of_columns_is_the_callers_mistake_in_the_models_own_words(served: Served) -> None:
    three = dict(list(served.asked.items())[:3])
    refused = served.caller.ask(served.hosts["v1"], f"/v2/models/{NAME}/infer", rows(three))
    assert refused.status_code == 400
    assert "3 features" in refused.json()["error"]
    assert "Traceback" not in refused.text


def test_a_model_is_fetched_without_those_whose_names_begin_as_its_own(served: Served) -> None:
    [predictor] = served.member.find(POD, served.team.namespace, "app=isvc.v1-predictor")
    said = pods.printed(served.member, predictor, "kserve-container", ["ls", "/mnt/models"])
    assert said.split() == ["model.joblib"]


def test_sentence_embeddings_are_those_that_pytorch_computes(served: Served) -> None:
    asked = sentences(*REFERENCE["sentences"])
    [output] = served.caller.infer(served.hosts["sentences"], asked, "sentences")["outputs"]
    count, width = output["shape"]
    vectors = [output["data"][width * row : width * (row + 1)] for row in range(count)]
    assert width == REFERENCE["width"]
    for vector, known in zip(vectors, REFERENCE["first_values"], strict=True):
        assert vector[: len(known)] == pytest.approx(known, abs=1e-5)
    likeness = [sum(a * b for a, b in zip(vectors[0], other, strict=True)) for other in vectors]
    assert likeness == pytest.approx(REFERENCE["likeness_to_the_first"], abs=1e-5)


def test_sentences_that_say_much_the_same_are_closer_than_others(served: Served) -> None:
    texts = ("How do I reset my password?", "I forgot my password, what now?", "The train leaves at noon.")
    [output] = served.caller.infer(served.hosts["sentences"], sentences(*texts), "sentences")["outputs"]
    width = output["shape"][1]
    first, second, third = (output["data"][width * row : width * (row + 1)] for row in range(3))
    same = sum(a * b for a, b in zip(first, second, strict=True))
    other = sum(a * b for a, b in zip(first, third, strict=True))
    assert same > 0.5 > 0.2 > other


def test_nobody_is_answered_without_a_token_of_the_team(
    served: Served, cluster: Cluster, entry: Entry, teams: Callable[..., Team]
) -> None:
    stranger = teams()
    for caller, status in ((None, 401), ("wrong", 401), (token(cluster, stranger), 403)):
        answer = Caller(entry, caller).ask(served.hosts["v1"], f"/v2/models/{NAME}")
        assert answer.status_code == status
    knock = pod("knocks", stranger.namespace, KNOCK)
    [predictor] = cluster.find(POD, served.team.namespace, "app=isvc.v1-predictor")
    environment = {
        "MODEL": f"v1-predictor.{served.team.namespace}",
        "POD": predictor["status"]["podIP"],
        "OTHER": token(cluster, stranger),
        "OWN": token(cluster, served.team),
    }
    knock["spec"]["containers"][0]["env"] += [{"name": name, "value": value} for name, value in environment.items()]
    assert pods.output(cluster, knock).split() == ["401", "401", "403", "200", "refused"]


def test_a_model_server_keeps_the_connections_that_its_door_may_use_again(served: Served) -> None:
    [predictor] = served.member.find(POD, served.team.namespace, "app=isvc.v1-predictor")
    said = pods.keeps_connections(served.member, predictor, "kserve-container", 8081, f"/v2/models/{NAME}")
    assert said.split() == ["200", "200"]


def test_weights_share_requests_out_and_answers_name_the_version_that_gave_them(served: Served) -> None:
    said = [served.caller.infer(served.hosts["weighed"], rows(served.asked)) for _ in range(100)]
    versions = Counter(answer["model_version"] for answer in said)
    assert set(versions) == {"v1", "v2"}
    # Envoy draws each time: four standard deviations about 20.
    assert 4 <= versions["v2"] <= 36, versions
    for answer in said:
        assert answer["outputs"][0]["data"] == served.answers[answer["model_version"]]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_header_chooses_the_version(served: Served, version: str) -> None:
    answer = served.caller.infer(served.hosts["weighed"], rows(served.asked), NAME, **{VERSION: version})
    assert answer["model_version"] == version


@pytest.mark.parametrize(
    ("predictor", "message"),
    [
        ({"minReplicas": 3, "maxReplicas": 2}, "cannot be greater than"),
        ({"minReplicas": "many"}, "minReplicas of type int32"),
        ({"containerConcurrency": -1}, "cannot be less than 0"),
    ],
)
def test_an_invalid_inference_service_is_refused_with_a_message(
    served: Served, predictor: dict[str, Any], message: str
) -> None:
    wrong = inference_service("wrong", served.team.namespace, "sklearn", "s3://a/b", **predictor)
    with pytest.raises(ApiError, match=message):
        served.member.create(wrong, dry_run=True)


@contextmanager
def steady(served: Served, name: str, pause: float = 0) -> Iterator[None]:
    """Two callers ask a model again and again, `pause` seconds after each answer; at the end, none may have failed."""
    wrong: list[str] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(pause):
            try:
                answer = served.caller.infer(served.hosts[name], rows(served.asked))
                if answer["outputs"][0]["data"] != served.answers[name]:
                    wrong.append(str(answer))
            except (AssertionError, httpx.HTTPError) as error:
                wrong.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not wrong, f"{len(wrong)} requests failed, such as {wrong[0]}"


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"storageUri": "s3://{bucket}/nowhere"}, model_status, "nowhere"),
        ({"storageUri": "s3://{bucket}/broken"}, pods_messages, "KeyError"),
        ({"runtimeVersion": "no-such-version"}, pods_messages, "no-such-version"),
    ],
    ids=["no-such-model", "a-broken-file", "no-such-image"],
)
def test_a_bad_model_says_why_and_the_old_one_serves_on(
    served: Served, change: dict[str, str], place: Callable[[Cluster, str, str], str], words: str
) -> None:
    def says_why() -> bool:
        said = place(served.member, "v1", served.team.namespace)
        assert words in said, said
        return True

    good = {"storageUri": f"s3://{served.team.name}/v1", "runtimeVersion": None}
    bad = {key: value.format(bucket=served.team.name) for key, value in change.items()}
    with steady(served, "v1", 0.2):
        change_model(served.member, "v1", served.team.namespace, **bad)
        until(says_why, FAILURE_SECONDS, f"v1 to say {words}")
        change_model(served.member, "v1", served.team.namespace, **good)
        until_ready(served.member, "v1", served.team.namespace)


@pytest.mark.long
def test_replicas_follow_the_load_and_no_request_fails(served: Served) -> None:
    def ready_replicas(count: int) -> Callable[[Object], bool]:
        return lambda found: found["status"].get("readyReplicas") == found["spec"]["replicas"] == count

    for pause, replicas in ((0, 2), (1, 1)):
        with steady(served, "v2", pause):
            served.member.wait_for(
                DEPLOYMENT, "v2-predictor", served.team.namespace, ready_replicas(replicas), SCALE_SECONDS
            )
