import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pulumi
import pytest

from installer import install as installer
from modules.contract.api import Object
from modules.contract.cluster import Cluster
from modules.registry import enabled
from profiles.load import load
from tests.installer.recorder import Recording, record

PROFILE = load("laptop", {"modules.gateway": {}})
CONTAINER = {
    "name": "operator",
    "image": "any",
    "args": [],
    "resources": {},
    "readinessProbe": {"initialDelaySeconds": 10},
}
OPERATOR: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "kuberay-operator", "namespace": "default"},
    "spec": {"template": {"spec": {"containers": [CONTAINER]}}},
}


def items_on_disk(directory: Path, patch: pytest.MonkeyPatch) -> None:
    (directory / "kuberay").write_text(json.dumps(OPERATOR))
    (directory / "kserve").write_text('{"kind": "ServiceAccount", "metadata": {"name": "kserve"}}')
    patch.setattr(installer, "chart", lambda name: directory / "charts" / name)
    patch.setattr(installer, "manifest", lambda name: directory / name)
    patch.setattr(installer, "charts_root", lambda: directory / "charts")


@pytest.fixture(autouse=True)
def _items_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items_on_disk(tmp_path, monkeypatch)


def installed(
    present: frozenset[str] = frozenset(), is_foreign: Callable[[Object], bool] = lambda _: False, own: bool = True
) -> Recording:
    def program() -> None:
        machine = pulumi.ComponentResource("test:Cluster", "cluster") if own else None
        node = pulumi.CustomResource("test:index:Node", "worker")
        cluster = Cluster(
            kubeconfig=pulumi.Output.secret("apiVersion: v1"),
            identifier="the-cluster",
            resource=machine,
            nodes=[node],
            present=present,
            is_foreign=is_foreign,
        )
        installer.install(PROFILE, cluster)

    return record(program)


@pytest.fixture(scope="module")
def recording() -> Recording:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as directory:
        items_on_disk(Path(directory), patch)
        return installed()


def test_every_module_of_the_profile_gets_a_gate_with_its_checks(recording: Recording) -> None:
    gates = {each.name: each for each in recording.records if each.type.endswith(":Ready")}
    assert {name.removesuffix("-objects") for name in gates} == {module.name for module in enabled(PROFILE)}
    assert all(gate.inputs["checks"] for gate in gates.values())


def test_no_two_resources_share_type_and_name(recording: Recording) -> None:
    counts = Counter((each.type, each.name) for each in recording.records)
    assert [key for key, count in counts.items() if count > 1] == []


def test_a_release_comes_after_its_namespace_and_a_gate_after_its_release(recording: Recording) -> None:
    namespace = recording.one("core/v1:Namespace", "kueue-system")
    release = recording.one("helm.sh/v3:Release", "kueue")
    gate = recording.one(":Ready", "queueing")
    assert recording.comes_after(release, namespace)
    assert recording.comes_after(gate, release)


def test_what_lies_in_a_modules_own_namespace_comes_after_it(recording: Recording) -> None:
    namespace = recording.one("core/v1:Namespace", "database")
    assert recording.comes_after(recording.one(":StatefulSet", "database/database"), namespace)
    assert recording.comes_after(recording.one(":Secret", "database/administrator"), namespace)


def test_custom_resources_come_after_the_gate_of_the_module_that_owns_them(recording: Recording) -> None:
    gate = recording.one(":Ready", "queueing")
    for kind, name in (("ResourceFlavor", "default"), ("Cohort", "platform"), ("WorkloadPriorityClass", "high")):
        assert recording.comes_after(recording.one(f":{kind}", name), gate)


def test_what_a_module_says_of_its_own_custom_resources_is_waited_for_once_they_are_made(recording: Recording) -> None:
    first, second = recording.one(":Ready", "gateway"), recording.one(":Ready", "gateway-objects")
    assert [check["name"] for check in second.inputs["checks"]] == ["platform"]
    assert not [check for check in first.inputs["checks"] if check["check"] == "condition"]
    made = recording.one(":Gateway", "gateway/platform")
    assert recording.comes_after(made, first)
    assert recording.comes_after(second, made)


def test_teams_wait_for_queueing_and_for_rays_operator_but_not_for_rays_gate(recording: Recording) -> None:
    queue = recording.one(":ClusterQueue", "team-a")
    assert recording.comes_after(queue, recording.one(":Ready", "queueing"))
    assert recording.comes_after(queue, recording.one("helm.sh/v3:Release", "kuberay"))
    assert not recording.comes_after(queue, recording.one(":Ready", "ray"))


def test_modules_that_require_nothing_of_each_other_are_installed_side_by_side(recording: Recording) -> None:
    alone = {module.release for module in enabled(PROFILE) if module.release and not {*module.requires, *module.after}}
    releases = [each for each in recording.records if each.type.endswith(":Release") and each.name in alone]
    assert len(releases) == len(alone) > 1
    assert not any(recording.comes_after(one, other) for one in releases for other in releases)


def test_a_team_is_deleted_from_the_inside_out(recording: Recording) -> None:
    queue = recording.one(":ClusterQueue", "team-a")
    namespace = recording.one("core/v1:Namespace", "team-a")
    account = recording.one(":ServiceAccount", "team-a/member")
    assert recording.comes_after(namespace, queue)
    assert recording.comes_after(account, namespace)


def test_gates_wait_for_the_nodes_and_releases_dont(recording: Recording) -> None:
    node = next(each for each in recording.records if each.type == "test:index:Node")
    assert recording.comes_after(recording.one(":Ready", "accelerators"), node)
    assert not recording.comes_after(recording.one(":Release", "dra-example-driver"), node)


def test_everything_on_a_cluster_of_cairns_own_is_deleted_with_it(recording: Recording) -> None:
    on_it = [each for each in recording.records if each.type.startswith("kubernetes:") or each.type.endswith(":Ready")]
    assert on_it
    assert all(each.deleted_with.endswith("::cluster") for each in on_it)


def test_nothing_on_somebody_elses_cluster_is_deleted_with_it() -> None:
    assert not any(each.deleted_with for each in installed(own=False).records)


def test_the_kubeconfig_is_a_secret_of_every_gate(recording: Recording) -> None:
    gates = [each for each in recording.records if each.type.endswith(":Ready")]
    assert all("kubeconfig" in gate.secrets for gate in gates)


def test_every_object_says_which_environment_made_it(recording: Recording) -> None:
    for each in recording.records:
        if each.type.startswith("kubernetes:") and not each.type.endswith(":Release"):
            labels = each.inputs["metadata"]["labels"]
            assert labels["app.kubernetes.io/managed-by"] == "cairn"
            assert labels["cairn/environment"] == "laptop"


def test_software_that_is_there_already_is_left_alone_and_its_custom_resources_are_still_made() -> None:
    recording = installed(present=frozenset({"queueing"}))
    assert not [each for each in recording.records if each.name in ("kueue", "kueue-system")]
    assert not [each for each in recording.records if each.type.endswith(":Ready") and each.name == "queueing"]
    assert recording.one(":ResourceFlavor", "default")
    assert recording.one(":ClusterQueue", "team-a")


def test_an_object_that_somebody_else_made_is_left_alone() -> None:
    recording = installed(is_foreign=lambda made: made["kind"] == "Cohort")
    assert not [each for each in recording.records if each.type.endswith(":Cohort")]
    assert recording.one(":ResourceFlavor", "default")


def test_a_namespace_that_a_person_made_is_not_ours_to_delete_and_gets_a_mark_instead() -> None:
    recording = installed(is_foreign=lambda made: made["metadata"]["name"] == "kueue-system")
    assert not [each for each in recording.records if each.type.endswith("v1:Namespace") and "kueue" in each.name]
    marked = recording.one("core/v1:ConfigMap", "kueue-system/cairn")
    assert marked.inputs["metadata"]["labels"]["cairn/environment"] == "laptop"
    assert recording.comes_after(recording.one("helm.sh/v3:Release", "kueue"), marked)


def test_a_gate_belongs_to_one_cluster(recording: Recording) -> None:
    assert recording.one(":Ready", "queueing").inputs["cluster"] == "the-cluster"


def test_charts_are_named_by_paths_that_do_not_depend_on_the_checkout(recording: Recording) -> None:
    releases = [each for each in recording.records if each.type.endswith(":Release")]
    assert not any(each.inputs["chart"].startswith("/") for each in releases)


def test_a_changed_manifest_shows_in_its_release_and_its_gate(tmp_path: Path) -> None:
    before = installed()
    (tmp_path / "kuberay").write_text(json.dumps(OPERATOR | {"spec": {**OPERATOR["spec"], "replicas": 2}}))
    after = installed()
    for type_part, name, key in ((":Release", "kuberay", "values"), (":Ready", "ray", "contents")):
        assert before.one(type_part, name).inputs[key] != after.one(type_part, name).inputs[key]
    assert before.one(":Ready", "queueing").inputs == after.one(":Ready", "queueing").inputs


def test_what_holds_data_or_peoples_work_is_protected_and_nothing_else(recording: Recording) -> None:
    protected = {each.name for each in recording.records if each.protect}
    namespaces = {*PROFILE.teams, "database", "object-store", "online-store", "registry"}
    releases = {module.release for module in enabled(PROFILE) if module.release and module.owns}
    assert protected == {*namespaces, *releases}


def test_a_servers_volume_is_sized_by_a_resource_of_its_own_so_that_another_size_replaces_nothing(
    recording: Recording,
) -> None:
    server, volume = (
        recording.one(":StatefulSet", "database/database"),
        recording.one(":Volume", "database/data-database-0"),
    )
    assert server.ignores == ["spec.volumeClaimTemplates"]
    assert volume.inputs["size"] == "5Gi"
    assert recording.comes_after(volume, server)
    assert "kubeconfig" in volume.secrets


def test_a_service_is_not_watched_longer_than_its_gate_waits_and_an_earlier_one_stays_as_it_is(
    recording: Recording,
) -> None:
    made = recording.one(":Service", "database/database")
    assert made.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert made.ignores == ['metadata.annotations["pulumi.com/skipAwait"]']
