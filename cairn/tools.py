"""The programs that Pulumi needs on PATH: its own, its Kubernetes plug-in, and stand-ins for what can't be had."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cairn.proxies import known, past
from cairn.shell import make_passphrase, programs, variables
from catalog.build import Progress, binary, provide
from catalog.directories import REPOSITORY
from catalog.errors import CatalogError
from catalog.supply import Supply, resolve

NEEDED = ("pulumi", "pulumi-resource-kubernetes")
HANDY = ("kubectl", "helm")
STAND_INS = REPOSITORY / "plugins" / "bin"
BESIDE_PULUMI = ("pulumi-language-python", "pulumi-resource-pulumi-python")


def prepare(supply: Supply | None, progress: Callable[[Progress], None]) -> dict[str, str]:
    """Provide and link the programs, make passphrase and backend; returns (and sets here) the shell's variables.

    Without a `supply` what is linked already is used as it is, and only a first use asks what can be had.
    """
    pulumi = programs() / "pulumi"
    linked = all((programs() / name).exists() for name in NEEDED)
    # Another Go or a newer catalog is no reason to build anything before `down` or `status`.
    if supply is not None or not linked:
        provide(NEEDED, supply or resolve("auto")[0], progress)
        link_programs()
    missing = missing_plugins(pulumi)
    link({name: STAND_INS / name for name in missing})
    for launcher in STAND_INS.iterdir():
        if launcher.name not in missing:
            (programs() / launcher.name).unlink(missing_ok=True)
    make_passphrase()
    result = variables(os.environ, stand_ins=bool(missing)) | past(os.environ, known())
    os.environ.update(result)
    return result


def link_programs() -> None:
    """Put what the catalog has provided so far within reach of a shell and of Pulumi."""
    link({name: binary(name) for name in NEEDED})
    for name in HANDY:
        with suppress(CatalogError):
            link({name: binary(name)})


def missing_plugins(pulumi: Path) -> set[str]:
    """Which official plug-ins can't be had, by the name that Pulumi looks for on PATH.

    Pulumi's release carries the language host and the launcher of dynamic providers beside its binary; a build from
    source has neither.
    """
    beside = pulumi.resolve().parent
    return {name for name in BESIDE_PULUMI if not (beside / name).exists()}


def stand_ins_in_use() -> list[str]:
    """The plug-ins whose work Cairn's own stand-ins do, by the name that Pulumi looks for."""
    return sorted(each.name for each in STAND_INS.iterdir() if (programs() / each.name).is_symlink())


def link(targets: dict[str, Path]) -> None:
    """Point names in the programs' directory at files; a link that is right already is left alone."""
    for name, target in targets.items():
        place = programs() / name
        if place.is_symlink() and place.readlink() == target:
            continue
        fresh = place.with_name(f".{name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(place)
