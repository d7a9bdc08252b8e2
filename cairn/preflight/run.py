"""All checks that a profile needs on this machine, in one list."""

import os
import sys
from pathlib import Path

from cairn import proxies
from cairn.preflight import existing, kernel, machine, network, registries
from cairn.preflight.check import Check, Status
from catalog.cache import read
from catalog.debian import on_machine
from catalog.errors import CatalogError
from catalog.items import key, order, select, space_mib
from catalog.schema import Catalog, load
from catalog.supply import Supply
from hosts.local.plan import Network
from modules.registry import catalog_items
from profiles.schema import Profile

MIB = 1024**2


def run(profile: Profile, environment: str, supply: Supply, kubeconfig: str = "", context: str = "") -> list[Check]:
    """Look at what the profile's provider needs; registries are asked only when something must still be built."""
    if profile.cluster.provider == "existing":
        proxy = proxies.look(profile, os.environ)
        return [machine.python(sys.version_info[:3]), *proxy, *existing.look(kubeconfig, context)]
    cold = supply is Supply.SOURCE and must_build(profile)
    plan = Network(environment, profile.cluster.address_range, profile.cluster.service_range)
    running = Path("/sys/class/net", plan.bridge).exists()
    wanted = machine.Disk(machine.BUILD_BYTES, machine.RUN_BYTES) if cold else machine.Disk(*[machine.RUN_BYTES] * 2)
    if supply is Supply.UPSTREAM:
        wanted = downloads(load(), catalog_items(profile), profile.cluster.workers + 1)
    checks = machine.look(profile.budget.cpu_millis, profile.budget.memory_bytes, cold, running, wanted)
    if sys.platform != "linux":
        return checks
    checks += kernel.look()
    checks += network.look(plan, profile.cluster.pod_range)
    checks += proxies.look(profile, os.environ)
    return checks + (registries.look() if cold else [])


def failures(checks: list[Check]) -> list[Check]:
    """Those that `cairn up` would fail on."""
    return [check for check in checks if check.status is Status.FAIL]


def downloads(lock: Catalog, names: list[str], nodes: int) -> machine.Disk:
    """What supply `upstream` wants: what isn't downloaded yet in the cache, and every image unpacked on each node.

    By the catalog's figures, which were measured with what is built here: upstream's images can be larger.
    """
    items = order(lock, select(lock, names), Supply.UPSTREAM)
    mib = {item: space_mib(lock, item, Supply.UPSTREAM) for item in items}
    missing = sum(mib[item] for item in items if read(item, key(lock, item, Supply.UPSTREAM)) is None)
    unpacked = sum(mib[item] for item in items if item.kind == "images")
    return machine.Disk(missing * MIB, machine.RUN_BYTES + nodes * unpacked * MIB)


def must_build(profile: Profile) -> bool:
    """Whether an item that the profile needs is missing from the cache, so that registries and compilers are needed."""
    lock = load()
    try:
        return any(
            read(item, key(lock, item, Supply.SOURCE)) is None
            for item in order(lock, select(lock, catalog_items(profile)), Supply.SOURCE)
            if not (item.kind == "tools" and on_machine(item.name))
        )
    except CatalogError:
        return True
