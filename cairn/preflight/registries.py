"""Which package registries answer, asked through their ordinary clients with their own settings."""

import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import httpx

from cairn.preflight.check import Check, failed, passed, warned
from cairn.shell import programs

SECONDS = 20
GO_MODULE = "golang.org/x/text@v0.3.0"
PYTHON_PACKAGE = "packaging"


def look() -> list[Check]:
    """Ask all of them at once; a build from source needs each."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda ask: ask(), (_go, _python, _debian)))


def _go() -> Check:
    if not shutil.which("go"):
        return warned("Go modules", "not asked: go isn't on PATH", "install Go and put it on PATH")
    with tempfile.TemporaryDirectory(prefix="cairn-") as cache:
        variables = {**os.environ, "GOMODCACHE": cache, "GOFLAGS": "-mod=mod -modcacherw", "GOTOOLCHAIN": "local"}
        return _asked("Go modules", ["go", "list", "-m", GO_MODULE], "go env GOPROXY GONOSUMDB GOFLAGS", variables)


def _python() -> Check:
    settings = "UV_* and PIP_* variables, uv.toml, pip.conf"
    with tempfile.TemporaryDirectory(prefix="cairn-") as target:
        ask = f"pip install --dry-run --no-deps --no-cache --target {target} {PYTHON_PACKAGE}"
        return _asked("Python packages", [str(programs() / "uv"), *ask.split()], settings, dict(os.environ))


def _asked(name: str, command: list[str], settings: str, variables: dict[str, str]) -> Check:
    fix = f"check the network and the client's settings: {settings}"
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, env=variables, cwd="/", check=False
        )
    except subprocess.TimeoutExpired:
        return failed(name, f"no answer within {SECONDS} s", fix)
    except OSError as error:
        return failed(name, str(error), fix)
    if result.returncode != 0:
        last = (result.stderr.strip() or result.stdout.strip() or "no answer").splitlines()[-1]
        return failed(name, last, fix)
    return passed(name, "the registry answers")


def _debian() -> Check:
    """Ask for the first index of apt's own list of sources, without touching apt's state."""
    name, fix = "Debian packages", "check the network and /etc/apt/sources.list*"
    if not shutil.which("apt-get"):
        return warned(name, "not asked: apt-get isn't on PATH", "use Debian or Ubuntu to build from source")
    listed = subprocess.run(["apt-get", "update", "--print-uris"], capture_output=True, text=True, check=False)
    addresses = re.findall(r"'(https?://[^']+)'", listed.stdout)
    if not addresses:
        return failed(name, "apt has no sources", fix)
    try:
        answer = httpx.head(addresses[0], timeout=SECONDS, follow_redirects=True)
    except httpx.HTTPError as error:
        return failed(name, str(error) or type(error).__name__, fix)
    return passed(name, "the archive answers") if answer.is_success else failed(name, f"{answer.status_code}", fix)
