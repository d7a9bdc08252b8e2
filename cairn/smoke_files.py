"""Which smoke tests there are, by the names that `cairn smoke` takes."""

from pathlib import Path

from catalog.directories import REPOSITORY

TESTS = REPOSITORY / "smoke_tests"
_APART = ("hosts", "lifecycle", "plugins")
"""Folders whose tests are about no module: of the nodes, and of environments of their own."""


def smoke_files() -> dict[str, Path]:
    """Each file, in whatever room, by its name without `test_`; and the folder of the nodes' tests."""
    files = [file for file in TESTS.rglob("test_*.py") if file.parent.name not in _APART]
    return {file.stem.removeprefix("test_"): file for file in sorted(files)} | {"hosts": TESTS / "hosts"}
