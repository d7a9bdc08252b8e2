"""A copy of this checkout, for tests that change it."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from catalog.directories import REPOSITORY


def copy_checkout(root: Path) -> None:
    """Copies the tracked and the new files to `root`, and none that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)


def make_environment(root: Path) -> Path:
    """Gives the copy a virtual environment of its own over the libraries of this one; its Python.

    What `cairn` links beside that Python is nobody else's, and what it imports is the copy's.
    """
    environment = root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (libraries,) = environment.glob("lib/*/site-packages")
    (libraries / "copy.pth").write_text(f"{root}\n{sysconfig.get_path('purelib')}\n")
    return environment / "bin/python"
