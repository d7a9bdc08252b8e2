"""Kernel settings that a node changes for the whole machine: kept before the first node, put back after the last."""

import json
import os
from pathlib import Path

from catalog.directories import state_root

PROC = Path("/proc/sys")

INSTANCES = "fs/inotify/max_user_instances"
ENOUGH_INSTANCES = 1024
"""A two-node environment was seen to take 55; Linux's 128 are too few for three of them or for many workers."""

SETTINGS = (
    # kubelet writes these at start (pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables).
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    # systemd raises these as far as they go when it starts as a first process (src/core/main.c).
    "fs/file-max",
    "fs/nr_open",
    # `make_room` raises it.
    INSTANCES,
    # A profile with egress turns forwarding on.
    "net/ipv4/ip_forward",
)


SHARED = Path("/run/cairn/kernel.json")
"""What other users' environments on this machine see of the values that were kept."""


def _kept() -> Path:
    return state_root() / "kernel.json"


def keep() -> None:
    """Writes the present values down, before anything changes them.

    The note in the state directory outlives a reboot. The one in /run tells environments of another state directory,
    which come while nodes already run, what the values were before.
    """
    if _kept().exists():
        values = _kept().read_text()
    elif SHARED.exists():
        values = SHARED.read_text()
    else:
        values = json.dumps({name: Path(PROC, name).read_text().strip() for name in SETTINGS}, indent=1)
    for note in (_kept(), SHARED):
        if not note.exists():
            note.parent.mkdir(parents=True, exist_ok=True)
            draft = note.with_suffix(f".{os.getpid()}")
            draft.write_text(values)
            draft.rename(note)


def make_room() -> None:
    """Raises what would run out with several nodes on one machine; call it after `keep`."""
    setting = Path(PROC, INSTANCES)
    if int(setting.read_text()) < ENOUGH_INSTANCES:
        setting.write_text(str(ENOUGH_INSTANCES))


def put_back() -> None:
    """Restores what `keep` wrote down, unless another state directory's nodes still run, and forgets it."""
    note = _kept() if _kept().exists() else SHARED
    if note.exists() and not any(path.is_dir() for path in SHARED.parent.glob("*")):
        for name, value in json.loads(note.read_text()).items():
            setting = Path(PROC, name)
            if setting.read_text().strip() != value:
                setting.write_text(value)
        SHARED.unlink(missing_ok=True)
    _kept().unlink(missing_ok=True)
