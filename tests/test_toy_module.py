"""CONTRIBUTING.md's four steps, to the letter: a module added by them, and by nothing else, passes the fast tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smoke_tests.support.checkout import copy_checkout

FILE = '''"""A toy: one object in a namespace of its own."""

from modules.contract.api import Object
from modules.contract.checks import Exists
from modules.contract.module import Module, Queued
from modules.contract.team import READ, TeamPart, may
from profiles.schema import Profile

NAMESPACE = "toy"


def _objects(profile: Profile) -> list[Object]:
    assert profile.modules.toy is not None
    metadata = {"name": "toy", "namespace": NAMESPACE}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"size": profile.modules.toy.size}}]


MODULE = Module(
    name="toy",
    summary="a toy",
    namespace=NAMESPACE,
    images=("toy",),
    objects=_objects,
    team=lambda team, _: TeamPart(rules=(may(READ, "toys.example", "toys"),), access={"TOY": team}),
    queued=(Queued("toys.example/toy"),),
    ready=lambda _: (Exists(api_version="v1", resource="configmaps", namespace=NAMESPACE, name="toy"),),
)
'''
SETTINGS = '''class Toy(Settings):
    """A toy."""

    size: str = Field(default="small", description="How big it is.")


class ComputeModules(Settings):'''
FIELD = '    toy: Toy | None = Field(default=None, description="A toy.")\n'
IMAGE = """images:
  toy:
    reference: images.cairn.test/toy:{version}
    own: true
    version: "1"
    licence: Apache-2.0
    source: https://example.com/toy
    layers: [{debian: python}]
    user: "1000:1000"
    space_mib: 400
"""
SMOKE_TEST = """from collections.abc import Callable


def test_it_is_ready(ready: Callable[[str], None]) -> None:
    ready("toy")
"""
PLATFORM = """
from modules.registry import enabled, team_part
from profiles.load import load

profile = load("laptop", {"modules.toy": {"size": "big"}})
on = {module.name: module for module in enabled(profile)}
assert on["toy"].objects(profile)[0]["data"] == {"size": "big"}
assert team_part("red", profile).access["TOY"] == "red"
assert "toys.example/toy" in str(on["queueing"].values(profile)["managerConfig"])
assert "TOY" in str(on["teams"].objects(profile)) and "toys.example" in str(on["teams"].objects(profile))
"""


def _replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path} has no longer {old!r}"
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This checkout's tracked and new files, with a module more."""
    root = tmp_path_factory.mktemp("checkout")
    copy_checkout(root)
    _replaced(root / "catalog/catalog.yaml", "images:\n", IMAGE)
    (root / "modules/compute/toy.py").write_text(FILE)
    _replaced(root / "profiles/settings/compute.py", "class ComputeModules(Settings):", SETTINGS)
    with (root / "profiles/settings/compute.py").open("a") as file:
        file.write(FIELD)
    (root / "smoke_tests/compute/test_toy.py").write_text(SMOKE_TEST)
    (root / "docs/modules/compute/toy.md").write_text("# toy\n\nA toy.\n")
    yield root
    shutil.rmtree(root)


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.timeout(300)
def test_a_module_is_added_by_its_own_files_alone_and_the_fast_tests_pass(copy: Path) -> None:
    made = subprocess.run(
        ["make", "reference", f"BIN={Path(sys.executable).parent}", "--assume-old=.venv/ready"],
        cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    there = _run(copy, "-c", PLATFORM)
    assert there.returncode == 0, there.stderr
    # What takes long has nothing to do with which modules there are: builds, servers, this test itself.
    of_modules = ["tests/test_invariants.py", "tests/modules", "tests/profiles", "tests/smoke", "tests/catalog"]
    left_out = [f"--ignore=tests/catalog/test_{name}.py" for name in ("charts", "cache", "provide", "disk_full")]
    passed = _run(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *of_modules, *left_out)
    assert passed.returncode == 0, passed.stdout[-4000:]


def test_the_fast_tests_fail_when_one_of_its_files_is_missing(copy: Path) -> None:
    page = copy / "docs/modules/compute/toy.md"
    text = page.read_text()
    page.unlink()
    try:
        failed = _run(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/test_invariants.py")
    finally:
        page.write_text(text)
    assert failed.returncode == 1
    assert "docs/modules/compute/toy.md" in failed.stdout
