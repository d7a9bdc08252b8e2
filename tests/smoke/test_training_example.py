import yaml

from smoke_tests.support import training_example

LOG = """\
WARNING: nobody asked for this line
WORKER {"worker": 0, "rows": 2}
[default0]:WORKER {"worker": 1, "rows": 3}
RESULT {"accuracy": 0.5}
"""


def test_the_facts_of_a_line_are_found_with_and_without_torchruns_prefix() -> None:
    assert training_example.said(LOG, "WORKER") == [{"worker": 0, "rows": 2}, {"worker": 1, "rows": 3}]
    assert training_example.said(LOG, "START") == []


def test_each_example_is_its_script_and_a_train_job_on_a_runtime_of_the_platform() -> None:
    for framework, name in training_example.NAMES.items():
        script, job = training_example.manifests(framework, "team-a", STEPS="5")
        assert script["metadata"] == {"name": name, "namespace": "team-a"}
        assert "RESULT" in script["data"]["train.py"]
        assert job["spec"]["runtimeRef"]["name"] == f"{framework}-distributed"
        made = yaml.safe_load((training_example.DIRECTORY / framework / "kustomization.yaml").read_text())
        assert made["configMapGenerator"] == [{"name": name, "files": list(script["data"])}]
        assert job["spec"]["trainer"]["env"] == [{"name": "STEPS", "value": "5"}]


def test_what_is_changed_of_a_job_leaves_the_other_as_it_was() -> None:
    _, job = training_example.manifests("jax", "team-a")
    assert training_example.changed(job, numNodes=5)["spec"]["trainer"]["numNodes"] == 5
    assert job["spec"]["trainer"]["numNodes"] == 2
