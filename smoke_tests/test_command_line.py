"""The command line on a running environment, in shells as people have them."""

import json
import os
import subprocess

import pytest

from catalog.directories import REPOSITORY
from smoke_tests.support.environment import CAIRN, Environment
from smoke_tests.support.waiting import COMMAND_SECONDS

DEAD = "http://127.0.0.1:9"
"""A proxy that refuses everybody (the discard port)."""


def test_a_dead_proxy_and_another_clusters_variables_are_in_nobodys_way(environment: Environment) -> None:
    if not environment.made_by_cairn:
        pytest.skip("needs an environment of Cairn")
    astray = {"HELM_DRIVER": "memory", "KUBECONFIG": "/nowhere", "PULUMI_STACK": "nonsense", "AWS_PROFILE": "nobody"}
    proxies = {"HTTPS_PROXY": DEAD, "HTTP_PROXY": DEAD, "NO_PROXY": "corp.example"}
    shell = {key: value for key, value in os.environ.items() if key.lower() != "no_proxy"} | astray | proxies
    asked = [*CAIRN, "status", "--json", "--name", environment.name]
    done = subprocess.run(
        asked, cwd=REPOSITORY, env=shell, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    status = json.loads(done.stdout)
    assert status["nodes"] and all(node["ready"] for node in status["nodes"])
    assert {module["name"] for module in status["modules"] if module["ready"]}
