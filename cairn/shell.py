"""The variables that make plain `pulumi` work on Cairn's environments: PATH, backend, passphrase, plug-ins."""

import os
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from catalog.directories import state_root


def variables(current: Mapping[str, str], stand_ins: bool) -> dict[str, str]:
    """What to set on top of `current`; what a person chose there (backend, passphrase, Pulumi's home) is kept.

    With `stand_ins` Pulumi downloads no plug-ins and keeps its own files below Cairn's state directory.
    """
    result = {
        "PATH": path(current.get("PATH", os.defpath)),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    }
    if stand_ins:
        result["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        result["PULUMI_HOME"] = current.get("PULUMI_HOME", str(state_root() / "pulumi"))
    if "PULUMI_BACKEND_URL" not in current:
        # The attributes of a file lie beside it and are written in two steps; a run that is killed in between would
        # leave a stack that nobody can read ("failed to load checkpoint: EOF"). Pulumi makes no use of them.
        result["PULUMI_BACKEND_URL"] = f"file://{state_root() / 'backend'}?metadata=skip"
    if "PULUMI_CONFIG_PASSPHRASE" not in current and "PULUMI_CONFIG_PASSPHRASE_FILE" not in current:
        result["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(state_root() / "passphrase")
    return result


def path(current: str) -> str:
    """PATH with this checkout's programs first and once, so that `eval "$(cairn env)"` can be repeated."""
    own = str(programs())
    return os.pathsep.join([own, *(entry for entry in current.split(os.pathsep) if entry != own)])


def programs() -> Path:
    """The virtual environment's bin directory, which also holds the links that `tools.prepare` makes."""
    return Path(sys.executable).parent


def make_passphrase() -> None:
    """Make the passphrase file (mode 0600) and the backend's directory, once; two processes agree on the first."""
    (state_root() / "backend").mkdir(parents=True, exist_ok=True)
    file = state_root() / "passphrase"
    if file.exists():
        return
    with NamedTemporaryFile("w", dir=state_root(), prefix=".passphrase") as fresh:
        fresh.write(secrets.token_urlsafe(32))
        fresh.flush()
        os.fsync(fresh.fileno())
        with suppress(FileExistsError):
            os.link(fresh.name, file)
