import re

import yaml

import catalog
from smoke_tests.support import example
from smoke_tests.support.newcomer import steps
from smoke_tests.test_journey import TUTORIAL


def test_every_pod_of_the_example_runs_the_catalogs_ray() -> None:
    text = (example.DIRECTORY / "job.yaml").read_text()
    assert set(re.findall(r"image: (\S+)", text)) == {catalog.load().image("ray")}
    job = yaml.safe_load(text)
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == catalog.load().version("ray")


def test_a_test_makes_what_the_kustomization_makes() -> None:
    kustomization = yaml.safe_load((example.DIRECTORY / "kustomization.yaml").read_text())
    config, job = example.manifests("team-a")
    (made,) = kustomization["configMapGenerator"]
    assert kustomization["generatorOptions"]["disableNameSuffixHash"]
    assert (made["name"], made["files"]) == (config["metadata"]["name"], list(config["data"]))
    (mounted,) = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]["volumes"]
    assert mounted["configMap"]["name"] == made["name"]
    assert job["metadata"] == {"name": "ray-batch", "namespace": "team-a"}


def test_the_journey_follows_the_five_steps_of_the_readme() -> None:
    get_access, submit, watch, fetch, clean_up = steps(example.DIRECTORY / "README.md")
    assert "cairn kubeconfig --team team-a" in get_access
    assert "kubectl apply" in submit
    assert "kubectl wait" in watch
    assert "result.json" in fetch
    assert "kubectl delete" in clean_up


def test_the_ml_journey_follows_every_block_of_its_tutorial() -> None:
    commands = [
        "access.py",
        "apply -k examples/features",
        "training_set.py tumour-1.csv",
        "train.py tumour-1.csv",
        "evaluate.py 1 tumour-1.csv",
        "promote.py 1",
        "serve.py 1=100",
        "predict.py 0 20 150",
        "http_code",
        "--scale 1.1",
        "train.py tumour-2.csv",
        "serve.py 1=80 2=20",
        "kubectl delete",
    ]
    for command, block in zip(commands, steps(TUTORIAL), strict=True):
        assert command in block


def test_the_result_is_the_last_line_that_says_so() -> None:
    log = 'SIMULATED device gpu-0\nRESULT {"records": 1}\nJob succeeded\n'
    assert example.result(log) == {"records": 1}
