"""Where Cairn keeps what it makes on this machine: one cache, one state directory, nothing else."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
"""The checkout that this code runs from; also the Pulumi project's directory."""


def cache_root() -> Path:
    """Built and downloaded items, shared by every checkout; safe to delete, at the price of a cold build."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cairn"


def state_root() -> Path:
    """Pulumi's backend, the passphrase and one directory per environment; losing it loses the environments."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "cairn"


def environment_root(environment: str) -> Path:
    """What one environment keeps on this machine: its nodes' root filesystems, volumes and logs."""
    return state_root() / "environments" / environment


def charts_root() -> Path:
    """Unpacked charts, inside the checkout (ignored by git): the same relative path under every supply."""
    return REPOSITORY / "charts"
