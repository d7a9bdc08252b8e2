"""Kernel settings that a node changes for the whole machine: kept before the first node, put back after the last."""

import json
from pathlib import Path

from catalog.directories import state_root

PROC = Path("/proc/sys")

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
    # A profile with egress turns forwarding on.
    "net/ipv4/ip_forward",
)


def _kept() -> Path:
    return state_root() / "kernel.json"


def keep() -> None:
    """Writes the present values down, unless an environment that runs has done so."""
    if _kept().exists():
        return
    present = {name: Path(PROC, name).read_text().strip() for name in SETTINGS}
    _kept().parent.mkdir(parents=True, exist_ok=True)
    draft = _kept().with_suffix(".new")
    draft.write_text(json.dumps(present, indent=1))
    draft.rename(_kept())


def put_back() -> None:
    """Restores what `keep` wrote down and forgets it. Call it when no environment has a node any more."""
    if not _kept().exists():
        return
    for name, value in json.loads(_kept().read_text()).items():
        setting = Path(PROC, name)
        if setting.read_text().strip() != value:
            setting.write_text(value)
    _kept().unlink()
