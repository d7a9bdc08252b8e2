"""Python packages for an image: hashed requirements installed into a directory, without an interpreter of the image."""

import re
import shutil
import sys
from pathlib import Path

from catalog.cache import remove
from catalog.debian import on_machine
from catalog.errors import CatalogError
from catalog.items import architecture
from catalog.processes import run

HOME = "opt/python"
"""Where the packages lie in the image."""

PYTHON = "3.11"
PLATFORMS = {"amd64": "x86_64-manylinux_2_36", "arm64": "aarch64-manylinux_2_36"}
"""uv's names for Debian 12's C library."""

UNUSED = (
    *("**/tests", "**/*.pyi", "**/__pycache__"),
    *("ray/jars", "ray/cpp", "ray/rllib", "ray/thirdparty_files/**/*.a"),
    *("pyarrow/include", "pyarrow/*flight*"),
    *("botocore/data/[!s]*/", "botocore/data/s[!3t]*/"),
)
"""Not needed to run: tests, stubs, Ray's Java and C++ interfaces and its reinforcement-learning library, Arrow's
headers and servers, and what AWS's client knows of other services than S3."""


def uv() -> Path:
    """The uv of this environment, else of the machine."""
    beside = Path(sys.executable).parent / "uv"
    found = beside if beside.exists() else on_machine("uv")
    if found is None:
        raise CatalogError("uv is not installed; run `make .venv`, or `pip install uv`")
    return found


def install(requirements: Path, target: Path, tmp: Path) -> None:
    """Installs exactly `requirements` (every hash checked) into `target`, trimmed and compiled."""
    run(
        [
            *(uv(), "pip", "install", "--quiet", "--no-config", "--no-deps", "--require-hashes", "--no-cache"),
            *("--only-binary", ":all:", "--python-version", PYTHON, "--python-platform", PLATFORMS[architecture()]),
            *("--target", target, "--requirement", requirements),
        ],
        changes={"TMPDIR": str(tmp)},
    )
    for pattern in UNUSED:
        for path in list(target.glob(pattern)):
            remove(path)
    for script in (target / "bin").glob("*"):
        _use_image_python(script)
    if sys.version_info[:2] != (3, 11):
        # Another Python's byte code is of no use; pods then compile at their start.
        return
    # Pods can't write byte code beside the source; checked by nothing, it is right whatever times the files get.
    compiler = [sys.executable, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"]
    run([*compiler, "-s", str(target), "-p", f"/{HOME}", target])


def _use_image_python(script: Path) -> None:
    """Scripts start with the path of the interpreter that installed them; the image has another."""
    content = script.read_bytes()
    if content.startswith(b"#!") and b"python" in content.split(b"\n", 1)[0]:
        script.write_bytes(re.sub(rb"\A#![^\n]*", b"#!/usr/bin/env python3", content))
        shutil.copymode(script, script)
    elif content.startswith(b"#!/bin/sh\n'''exec'"):
        script.write_bytes(b"#!/usr/bin/env python3\n" + content.split(b"\n' '''\n", 1)[1])
