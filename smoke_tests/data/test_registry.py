"""The registry module: a team pushes with its own token and no other, and every node runs what was pushed."""

import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from catalog.build import binary
from catalog.items import architecture
from modules.contract.api import Object
from modules.data.registry import NAME, NAMESPACE, NODES_PORT, OWN_PORT, PORT
from modules.parts.routes import host
from smoke_tests.support import pods
from smoke_tests.support.cluster import POD, SERVICE_ACCOUNT, STATEFUL_SET, Cluster
from smoke_tests.support.crane import Crane
from smoke_tests.support.entry import Entry
from smoke_tests.support.team import Team, kubeconfig, token
from smoke_tests.support.waiting import until
from smoke_tests.support.workload import pod

WITHDRAWN_SECONDS = 40
"""The door remembers an answer for ten seconds, the API server its own for ten, and the machine may be busy."""
ELSEWHERE = {"amd64": "arm64", "arm64": "amd64"}[architecture()]

KNOCK = f"""
import os, urllib.error, urllib.request
service, pod = "{NAME}.{NAMESPACE}.svc", os.environ["POD"]
for where in (f"{{service}}:{PORT}", f"{{service}}:{NODES_PORT}", f"{{pod}}:{OWN_PORT}"):
    upload = urllib.request.Request(f"http://{{where}}/v2/{{os.environ['TEAM']}}/x/blobs/uploads/", method="POST")
    try:
        print(urllib.request.urlopen(upload, timeout=20).status)
    except urllib.error.HTTPError as refusal:
        print(refusal.code)
    except urllib.error.URLError as failure:
        print("refused" if isinstance(failure.reason, ConnectionRefusedError) else failure)
"""


@dataclass(frozen=True)
class Pushed:
    """A team with an image, which says crane's version when it is run."""

    team: Team
    crane: Crane
    member: Cluster
    token: str = field(repr=False)
    image: str


@pytest.fixture(scope="module")
def gate(cluster: Cluster) -> Entry:
    return Entry(cluster)


@pytest.fixture(scope="module")
def there(cluster: Cluster) -> str:
    """The registry's name, as images have it."""
    return host(NAME, cluster.environment.profile)


@pytest.fixture(scope="module")
def pushed(
    cluster: Cluster,
    gate: Entry,
    there: str,
    shared_teams: Callable[..., Team],
    tmp_path_factory: pytest.TempPathFactory,
) -> Pushed:
    team, home = shared_teams(), tmp_path_factory.mktemp("member")
    gate.until_status(gate.client(), there, lambda status: status not in (404, 500, 503))
    with tarfile.open(home / "layer.tar", "w") as layer:
        layer.add(binary("crane").resolve(), "crane")
    own = token(cluster, team)
    crane, image = Crane(home, gate, there, own), f"{there}/{team.name}/tools/crane:1"
    crane("append", "--oci-empty-base", "--new_layer", str(home / "layer.tar"), "--new_tag", image)
    crane(
        "mutate", image, "--entrypoint", "/crane,version", "--set-platform", f"linux/{architecture()}", "--tag", image
    )
    return Pushed(team, crane, cluster.as_user(kubeconfig(cluster, team)), own, image)


def running(name: str, namespace: str, image: str, node: str | None = None) -> Object:
    """A pod that runs the image as it is."""
    manifest = pod(name, namespace, "", node=node)
    [container] = manifest["spec"]["containers"]
    del container["command"]
    container["image"] = image
    return manifest


def test_registry_is_ready(ready: Callable[[str], None]) -> None:
    ready("registry")


def test_what_a_member_pushed_runs_on_every_node_without_any_secret(cluster: Cluster, pushed: Pushed) -> None:
    version = pushed.crane("version").strip()
    for node in cluster.nodes():
        manifest = running(f"runs-{node}"[:63], pushed.team.namespace, pushed.image, node)
        assert pods.output(pushed.member, manifest).strip() == version
        assert "imagePullSecrets" not in manifest["spec"]
        found = cluster.get(POD, *pods.name_of(manifest))
        assert found is not None
        [status] = found["status"]["containerStatuses"]
        assert status["imageID"].endswith(pushed.crane("digest", pushed.image).strip())


def test_a_member_sees_the_teams_own_images(pushed: Pushed, there: str) -> None:
    repository = f"{pushed.team.name}/tools/crane"
    assert pushed.crane("catalog", there).split() == [repository]
    assert pushed.crane("ls", f"{there}/{repository}").split() == ["1"]


def test_a_member_takes_an_image_away(pushed: Pushed, there: str) -> None:
    repository = f"{there}/{pushed.team.name}/passing"
    pushed.crane("copy", pushed.image, f"{repository}:1")
    pushed.crane("delete", f"{repository}:1")
    assert pushed.crane("ls", repository).split() == []


def test_without_a_token_nobody_pushes_or_pulls(gate: Entry, there: str, pushed: Pushed, tmp_path: Path) -> None:
    answer = gate.get(gate.client(), there, "/v2/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    nobody = Crane(tmp_path, gate, there)
    for command in (("manifest", pushed.image), ("copy", pushed.image, f"{there}/{pushed.team.name}/stolen:1")):
        with pytest.raises(AssertionError, match="UNAUTHORIZED"):
            nobody(*command)


@pytest.fixture
def other(cluster: Cluster, gate: Entry, there: str, teams: Callable[..., Team], tmp_path: Path) -> Pushed:
    """A member of another team, who has pushed nothing."""
    team = teams()
    own = token(cluster, team)
    return Pushed(team, Crane(tmp_path, gate, there, own), cluster, own, f"{there}/{team.name}/tools/crane:1")


def test_another_teams_token_is_refused(pushed: Pushed, other: Pushed, gate: Entry, there: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=f"DENIED: {pushed.team.name}/ is not the team's"):
        other.crane("manifest", pushed.image)
    layer = str(pushed.crane.home / "layer.tar")
    with pytest.raises(AssertionError, match="403"):
        other.crane("append", "--oci-empty-base", "--new_layer", layer, "--new_tag", f"{pushed.image}-stolen")
    with gate.client() as client:
        begun = post(client, gate, there, f"/v2/{pushed.team.name}/tools/crane/blobs/uploads/", other.token)
    assert (begun.status_code, begun.json()["errors"][0]["code"]) == (403, "DENIED")
    assert pushed.crane("ls", pushed.image.rpartition(":")[0]).split().count("1-stolen") == 0


def post(client: httpx.Client, gate: Entry, there: str, target: str, token: str, form: str = "") -> httpx.Response:
    return client.post(
        f"https://{gate.address}{target}",
        headers={"Host": there, "Content-Type": "application/x-www-form-urlencoded"},
        content=form,
        auth=("me", token),
        extensions={"sni_hostname": there},
    )


def test_a_blob_of_another_teams_is_not_taken_over(pushed: Pushed, other: Pushed, gate: Entry, there: str) -> None:
    digest = pushed.crane("manifest", pushed.image).split('"digest":"')[-1].partition('"')[0]
    taking = f"mount={digest}&from={pushed.team.name}/tools/crane"
    own, others = (f"/v2/{team.name}/taken/blobs/uploads/" for team in (pushed.team, other.team))
    with gate.client() as client:
        assert post(client, gate, there, f"{own}?{taking}", pushed.token).status_code == 201
        # Another's is not taken over, neither by the query nor by a form: the registry waits for the client to send it.
        assert post(client, gate, there, f"{others}?{taking}", other.token).status_code == 202
        assert post(client, gate, there, others, other.token, taking).status_code == 202
    with pytest.raises(AssertionError, match="BLOB_UNKNOWN"):
        other.crane("blob", f"{there}/{other.team.name}/taken@{digest}")


def test_a_token_that_was_withdrawn_is_refused(cluster: Cluster, other: Pushed, there: str) -> None:
    assert other.crane("catalog", there).split() == []
    cluster.remove(SERVICE_ACCOUNT, "member", other.team.namespace)

    def refused() -> bool:
        try:
            other.crane("catalog", there)
        except AssertionError as error:
            return "UNAUTHORIZED" in str(error)
        return False

    until(refused, WITHDRAWN_SECONDS, "the token to be refused")


def test_an_image_that_is_not_there_says_so(cluster: Cluster, pushed: Pushed) -> None:
    assert "not found" in waiting(cluster, running("missing", pushed.team.namespace, f"{pushed.image}-missing"))


def test_an_image_that_has_no_part_for_the_nodes_processors_says_so(
    cluster: Cluster, pushed: Pushed, there: str
) -> None:
    elsewhere = f"{there}/{pushed.team.name}/elsewhere"
    pushed.crane("mutate", pushed.image, "--set-platform", f"linux/{ELSEWHERE}", "--tag", f"{elsewhere}:one")
    pushed.crane("index", "append", "--manifest", f"{elsewhere}:one", "--tag", f"{elsewhere}:all")
    said = waiting(cluster, running("elsewhere", pushed.team.namespace, f"{elsewhere}:all"))
    assert "no match for platform in manifest" in said


def waiting(cluster: Cluster, manifest: Object) -> str:
    """What a pod says whose image can't be pulled."""
    cluster.create(manifest)

    def told() -> str:
        found = cluster.get(POD, *pods.name_of(manifest))
        statuses = found["status"].get("containerStatuses", []) if found else []
        state = statuses[0]["state"].get("waiting", {}) if statuses else {}
        return str(state.get("message", "")) if state.get("reason") in ("ErrImagePull", "ImagePullBackOff") else ""

    return until(told, pods.PULL_SECONDS, "a reason")


def test_inside_the_cluster_nobody_gets_past_the_door(cluster: Cluster, pushed: Pushed) -> None:
    found = cluster.get(POD, f"{NAME}-0", NAMESPACE)
    assert found is not None
    knock = pod("knocks", pushed.team.namespace, KNOCK)
    told = {"POD": found["status"]["podIP"], "TEAM": pushed.team.name}
    knock["spec"]["containers"][0]["env"] += [{"name": name, "value": value} for name, value in told.items()]
    assert pods.output(cluster, knock).split() == ["401", "405", "refused"]


@pytest.mark.disruptive
@pytest.mark.alone
def test_what_was_pushed_outlives_the_server(cluster: Cluster, gate: Entry, there: str, pushed: Pushed) -> None:
    cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 0)
    cluster.scale(STATEFUL_SET, NAME, NAMESPACE, 1)
    gate.until_status(gate.client(), there, lambda status: status == 401)
    until(lambda: pushed.crane("digest", pushed.image), 30, "the image")
