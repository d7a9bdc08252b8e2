"""The features module: what a team lands is what it reads online, through a server that keeps teams apart."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from modules.contract.api import Object
from modules.contract.lock import lock
from modules.data import online_store
from modules.data.features import NAMESPACE, OWN_PORT
from profiles.quantity import amount
from smoke_tests.support import example, pods
from smoke_tests.support.cluster import CRON_JOB, JOB, POD, WORKLOAD, Cluster, is_true
from smoke_tests.support.team import MEMBER, Team, kubeconfig
from smoke_tests.support.workload import pod

DIRECTORY = example.EXAMPLES / "features"
SECONDS = 600
"""Feast is slow to start on two busy cores, and a job starts it three times."""

COMPARE = """
import json, os
import pandas, s3fs
from feast import FeatureStore
files = s3fs.S3FileSystem()
landed = pandas.concat(
    pandas.read_parquet(files.open(path)) for path in files.ls(f"{os.environ['BUCKET']}/features/measurements")
)
landed = landed.sort_values("event_timestamp").groupby("patient").last().sort_index()
store = FeatureStore(".")
rows = [{"patient": int(patient)} for patient in landed.index]
online = store.get_online_features(features=store.get_feature_service("diagnosis"), entity_rows=rows).to_df()
online = online.set_index("patient").sort_index()
differ = [name for name in online if not (online[name] == landed[name]).all()]
first = {name: float(online[name][0]) for name in online}
print(json.dumps({"patients": len(online), "features": list(online), "differ": differ, "first": first}))
"""

UNKNOWN = """
import apply, definitions
from feast import Entity, FeatureView, ValueType
ghost = Entity(name="ghost", join_keys=["ghost"], value_type=ValueType.INT64)
definitions.haunted = FeatureView(name="haunted", entities=[ghost], source=definitions.measurements)
apply.main()
"""

COMPUTED = """
import definitions
from feast import Field
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64
@on_demand_feature_view(sources=[definitions.tumour], schema=[Field(name="twice", dtype=Float64)], mode="python")
def computed(inputs):
    return {"twice": [2 * value for value in inputs["mean_radius"]]}
"""
CODE = f"""
import os, pathlib, sys, urllib.error, urllib.request
from feast import FeatureStore
pathlib.Path("/tmp/computed.py").write_text({COMPUTED!r})
sys.path.append("/tmp")
import computed
store = FeatureStore(".")
store.apply([computed.computed])
token = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/token").read_text()
headers = {{"Content-Type": "application/json", "Authorization": f"Bearer {{token}}"}}
body = b'{{"entities": {{"patient": [0]}}, "features": ["computed:twice"]}}'
request = urllib.request.Request(os.environ["FEAST_SERVER"] + "/get-online-features", body, headers)
try:
    print(urllib.request.urlopen(request, timeout=60).read().decode())
except urllib.error.HTTPError as refusal:
    sys.exit(refusal.read().decode())
finally:
    store.delete_feature_view("computed")
"""

ROW = """
import definitions, pandas
from datetime import UTC, datetime
from feast import FeatureStore
store = FeatureStore(".")
def write(value):
    row = {"patient": [0], "event_timestamp": [datetime.now(UTC)], **{name: [value] for name in definitions.MEASURED}}
    store.write_to_online_store("tumour", pandas.DataFrame(row))
def read():
    asked = store.get_online_features(features=["tumour:mean_radius"], entity_rows=[{"patient": 0}])
    print("READ", asked.to_dict()["mean_radius"])
"""
FIRST = f"import apply; apply.main(){ROW}write(1.0); read()"
FULL = f"""{ROW}
try:
    write(2.0)
    print("WRITTEN")
except Exception as error:
    print("REFUSED", error)
read()
"""

KNOCK = """
import os, pathlib, urllib.error, urllib.request
own = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/token").read_text()
body = b'{"entities": {"patient": [0]}, "feature_service": "diagnosis"}'
for token in (None, "wrong", own):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(os.environ["SERVER"] + "/get-online-features", body, headers)
    try:
        print(urllib.request.urlopen(request, timeout=60).status)
    except urllib.error.HTTPError as refusal:
        print(refusal.code)
"""


@pytest.fixture(scope="module")
def team(shared_teams: Callable[..., Team], cluster: Cluster) -> Team:
    """A team that has run the example: landed, applied and materialised, by a member with the team's own rights."""
    made = shared_teams(access=True)
    member = cluster.as_user(kubeconfig(cluster, made))
    for manifest in example.manifests(made.namespace, DIRECTORY):
        member.create(manifest)
    member.wait_for(JOB, "features", made.namespace, lambda job: is_true(job, "Complete"), SECONDS)
    return made


def script(name: str, team: Team, text: str) -> Object:
    """A pod of the team's that runs Python among the example's files, with the team's access and token."""
    manifest = pod(name, team.namespace, text)
    spec = manifest["spec"]
    spec |= {"serviceAccountName": MEMBER, "automountServiceAccountToken": True}
    spec["volumes"] = [{"name": "features", "configMap": {"name": "features"}}]
    spec["containers"][0] |= {
        "image": lock().image("features"),
        "workingDir": "/features",
        "envFrom": [{"secretRef": {"name": "access"}}],
        "resources": {"requests": {"cpu": "50m", "memory": "320Mi"}, "limits": {"memory": "768Mi"}},
        "volumeMounts": [{"name": "features", "mountPath": "/features"}],
    }
    return manifest


def compared(cluster: Cluster, name: str, team: Team) -> dict[str, Any]:
    """What is online beside what was landed last, for all patients."""
    printed = pods.output(cluster, script(name, team, COMPARE), SECONDS)
    return dict(json.loads(printed.splitlines()[-1]))


def knock(name: str, team: Team, server: Team) -> Object:
    """A pod that asks for the features of the team `server`: without a token, with a wrong one, with its own team's."""
    manifest = pod(name, team.namespace, KNOCK)
    manifest["spec"] |= {"serviceAccountName": MEMBER, "automountServiceAccountToken": True}
    address = f"http://features.{NAMESPACE}.svc:6566/{server.name}"
    manifest["spec"]["containers"][0]["env"].append({"name": "SERVER", "value": address})
    return manifest


def test_features_is_ready(ready: Callable[[str], None]) -> None:
    ready("features")


def test_what_is_read_online_is_what_was_landed_and_changes_with_it(cluster: Cluster, team: Team) -> None:
    before = compared(cluster, "before", team)
    assert before["patients"] == 569
    assert len(before["features"]) == 5
    assert before["differ"] == []

    again = script("again", team, "import sys, land; sys.argv = ['land.py', '--scale', '1.5']; land.main()")
    pods.output(cluster, again, SECONDS)
    materialise(cluster, team, "changed")

    after = compared(cluster, "after", team)
    assert after["differ"] == []
    assert after["first"] == pytest.approx({name: value * 1.5 for name, value in before["first"].items()})


def materialise(cluster: Cluster, team: Team, name: str) -> None:
    """Runs the team's CronJob now, as `kubectl create job --from` does, and holds it to having passed the queue."""
    found = cluster.get(CRON_JOB, "features-materialise", team.namespace)
    assert found is not None
    spec = found["spec"]["jobTemplate"]["spec"]
    metadata = {"name": name, "namespace": team.namespace}
    cluster.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
    cluster.wait_for(JOB, name, team.namespace, lambda job: is_true(job, "Complete"), SECONDS)
    owners = [
        owner["name"]
        for workload in cluster.find(WORKLOAD, team.namespace)
        for owner in workload["metadata"].get("ownerReferences", [])
    ]
    assert name in owners


def test_a_feature_view_with_an_unknown_entity_is_refused_with_a_reason(cluster: Cluster, team: Team) -> None:
    said = pods.refusal(cluster, script("unknown", team, UNKNOWN), SECONDS)
    assert "feature view haunted: no entity ghost; there is patient" in said


def test_the_shared_server_runs_no_code_of_a_teams(cluster: Cluster, team: Team) -> None:
    assert "runs no code of a team's" in pods.refusal(cluster, script("code", team, CODE), SECONDS)


@pytest.mark.disruptive
@pytest.mark.alone
def test_a_full_store_tells_whoever_writes_and_is_read_on(cluster: Cluster, teams: Callable[..., Team]) -> None:
    team = teams(access=True)
    config, *_ = example.manifests(team.namespace, DIRECTORY)
    cluster.create(config)
    assert "READ [1.0]" in pods.output(cluster, script("writes", team, FIRST), SECONDS)
    [store] = cluster.find(POD, online_store.NAMESPACE, f"app={online_store.NAME}")

    def keeps(memory: str) -> None:
        set_it = ["redis-cli", "config", "set", "maxmemory", memory]
        assert "OK" in pods.printed(cluster, store, online_store.NAME, set_it)

    settings = cluster.environment.profile.modules.online_store
    assert settings is not None
    keeps("1")  # an empty one uses more than that
    try:
        said = pods.output(cluster, script("is-told", team, FULL), SECONDS)
        [note] = online_store.MODULE.notes(cluster.api)
    finally:
        keeps(str(int(amount(settings.memory))))
    refusal, read = said.splitlines()[-2:]
    assert "the online store is full" in refusal
    assert f"keeps {settings.memory} (modules.online_store.memory)" in refusal
    assert read == "READ [1.0]"
    assert "is full" in note


def test_only_the_teams_own_token_opens_its_features(cluster: Cluster, team: Team, teams: Callable[..., Team]) -> None:
    assert pods.output(cluster, knock("own", team, team)).split() == ["401", "401", "200"]
    other = teams()
    assert pods.output(cluster, knock("other", other, team)).split() == ["401", "401", "403"]


def test_nobody_passes_the_proxy_by(cluster: Cluster, team: Team) -> None:
    [found, *_] = cluster.find(POD, NAMESPACE, "app=features")
    address = found["status"]["podIP"], OWN_PORT
    said = pods.refusal(
        cluster, pod("behind", team.namespace, f"import socket; socket.create_connection({address}, 9)")
    )
    assert "ConnectionRefusedError" in said


def test_the_server_keeps_the_connections_that_its_proxy_may_use_again(cluster: Cluster) -> None:
    [found, *_] = cluster.find(POD, NAMESPACE, "app=features")
    assert pods.keeps_connections(cluster, found, "features", OWN_PORT, "/health").split() == ["200", "200"]
