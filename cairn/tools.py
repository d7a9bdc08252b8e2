"""The programs that Pulumi needs on PATH: its own binary, helm, and stand-ins for plug-ins that can't be had."""

import os
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from cairn.proxies import known, past
from cairn.shell import make_passphrase, programs, variables
from catalog.build import Progress, binary, provide
from catalog.directories import REPOSITORY
from catalog.errors import CatalogError
from catalog.supply import Supply, resolve

NEEDED = ("pulumi", "helm")
HANDY = ("kubectl",)
STAND_INS = REPOSITORY / "plugins" / "bin"
KUBERNETES = "pulumi-resource-kubernetes"
BESIDE_PULUMI = ("pulumi-language-python", "pulumi-resource-pulumi-python")


def prepare(supply: Supply | None, progress: Callable[[Progress], None]) -> dict[str, str]:
    """Provide and link the programs, make passphrase and backend; returns (and sets here) the shell's variables.

    Without a `supply` what is linked already is used as it is, and only a first use asks what can be had.
    """
    pulumi = programs() / "pulumi"
    linked = all((programs() / name).exists() for name in NEEDED)
    if supply is None and linked:
        # Another Go or a newer catalog is no reason to build anything before `down` or `status`.
        supply = Supply.UPSTREAM if official_host(pulumi) else Supply.SOURCE
    else:
        supply = supply or resolve("auto")[0]
        provide(NEEDED, supply, progress)
        link_programs()
    missing = missing_plugins(pulumi, supply)
    link({name: STAND_INS / name for name in missing})
    for launcher in STAND_INS.iterdir():
        if launcher.name not in missing:
            (programs() / launcher.name).unlink(missing_ok=True)
    make_passphrase()
    result = variables(os.environ, stand_ins=KUBERNETES in missing) | past(os.environ, known())
    os.environ.update(result)
    return result


def link_programs() -> None:
    """Put what the catalog has provided so far within reach of a shell and of Pulumi."""
    link({name: binary(name) for name in NEEDED})
    for name in HANDY:
        with suppress(CatalogError):
            link({name: binary(name)})


def missing_plugins(pulumi: Path, supply: Supply, home: Path | None = None) -> set[str]:
    """Which official plug-ins can't be had, by the name that Pulumi looks for on PATH.

    Pulumi's release carries the language host and the dynamic provider beside its binary; a build from source has
    neither. The Kubernetes plug-in is downloaded under supply `upstream`, or was installed into Pulumi's home.
    """
    beside = pulumi.resolve().parent
    missing = {name for name in BESIDE_PULUMI if not (beside / name).exists()}
    home = home or Path(os.environ.get("PULUMI_HOME", Path.home() / ".pulumi"))
    installed = home / "plugins" / f"resource-kubernetes-v{version('pulumi-kubernetes')}"
    if supply is not Supply.UPSTREAM and not installed.is_dir():
        missing.add(KUBERNETES)
    return missing


def stand_ins_in_use() -> list[str]:
    """The plug-ins whose work Cairn's own stand-ins do, by the name that Pulumi looks for."""
    return sorted(each.name for each in STAND_INS.iterdir() if (programs() / each.name).is_symlink())


def official_host(pulumi: Path) -> bool:
    """Whether this is Pulumi's own release, which carries its language hosts beside the binary."""
    return (pulumi.resolve().parent / "pulumi-language-python").exists()


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
