"""A Pulumi project in a directory of its own, driven by the real `pulumi` as a person at a shell would."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from smoke_tests.support.waiting import COMMAND_SECONDS

REPOSITORY = Path(__file__).parents[2]
HEADER = """
import pulumi, pulumi_kubernetes as k8s
from pathlib import Path
config = pulumi.Config()
kubeconfig = pulumi.Output.secret(Path(__file__).parent.parent.joinpath("kubeconfig").read_text())
provider = k8s.Provider("cluster", kubeconfig=kubeconfig, cluster_identifier="smoke")
def make(kind, name, inputs, **options):
    options = pulumi.ResourceOptions(provider=provider, **options)
    module, _, short = kind.rpartition(":")
    version = {} if module == "helm.sh/v3" else {"apiVersion": module.removeprefix("core/"), "kind": short}
    return pulumi.CustomResource(f"kubernetes:{kind}", name, {**version, **inputs}, options)
"""


class Project:
    """One project with one stack; its state lies in the same directory."""

    def __init__(self, directory: Path, program: str, kubeconfig: str) -> None:
        self.directory = directory
        (directory / "program").mkdir(parents=True)
        (directory / "state").mkdir()
        (directory / "Pulumi.yaml").write_text("name: smoke\nruntime: python\nmain: program/\n")
        path = directory / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(kubeconfig)
        self.program(program)
        self.run("stack", "init", "plugins")

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the person's shell."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "KUBECONFIG"))}
        return kept | {
            "PATH": f"{REPOSITORY}/plugins/bin:{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.directory}/state?metadata=skip",
            "PULUMI_HOME": f"{self.directory}/home",
            "PULUMI_CONFIG_PASSPHRASE": "smoke",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def program(self, text: str) -> None:
        """Write the program; `make(kind, name, inputs)` declares a resource on the cluster."""
        (self.directory / "program" / "__main__.py").write_text(HEADER + text)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start `pulumi WORDS` and don't wait."""
        return subprocess.Popen(
            ["pulumi", *words, "--non-interactive"], cwd=self.directory, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def tries(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `pulumi WORDS`, whatever comes of it."""
        process = self.start(*words)
        output, _ = process.communicate(timeout=COMMAND_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def run(self, *words: str) -> str:
        """Run `pulumi WORDS`, which must succeed."""
        done = self.tries(*words)
        assert done.returncode == 0, done.stdout
        return str(done.stdout)

    def up(self) -> str:
        """Bring the stack up, without a preview before."""
        return self.run("up", "--yes", "--skip-preview")

    def state(self) -> dict[str, dict[str, Any]]:
        """The recorded resources by name."""
        exported = json.loads(self.run("stack", "export"))
        return {item["urn"].rpartition("::")[2]: item for item in exported["deployment"].get("resources") or []}

    def clean(self) -> None:
        """Destroy what is left, whatever state it is in."""
        self.tries("cancel", "--yes")
        self.run("destroy", "--yes", "--skip-preview")
