"""Somebody else's firewall, tried for real in namespaces of its own; the machine's rules stay as they are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.directories import REPOSITORY

BRIDGED = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")


def test_nodes_reach_each_other_though_somebody_elses_firewall_drops_what_is_forwarded() -> None:
    if not BRIDGED.exists():
        pytest.skip("br_netfilter isn't loaded: no firewall of iptables sees what a bridge passes on")
    argv = ["unshare", "--net", "--mount", sys.executable, "-m", "smoke_tests.lifecycle.firewalled"]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "without a firewall": True,
        "with Docker's": False,
        "with the rule": True,
        "Docker later": True,
        "one rule": True,
        "no rule left": True,
        "without the rule": False,
    }
