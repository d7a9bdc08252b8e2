"""The Pulumi program: read the profile, get the cluster, install the modules."""

import importlib
import json
import os
from dataclasses import asdict

import pulumi

from catalog import prune
from catalog.build import Progress, provide
from catalog.directories import REPOSITORY, environment_root
from installer.entry_point import entry_point, names
from installer.install import install
from modules.contract.cluster import Cluster
from modules.registry import catalog_items, installed_from_here
from modules.validation import load
from profiles.errors import ProfileError
from profiles.schema import Profile
from stacks.etc_hosts import EtcHosts
from stacks.keep_supply import Choice, settle
from stacks.known_settings import refuse_unknown


def main() -> None:
    """Declare everything that the stack's settings ask for."""
    config, environment = pulumi.Config(), pulumi.get_stack()
    refuse_unknown(json.loads(os.environ.get("PULUMI_CONFIG", "{}")), pulumi.get_project())
    name = config.get("profile")
    if not name:
        raise ProfileError("this stack has no profile yet: pulumi config set profile laptop")
    # A relative path is meant from the checkout, where `pulumi` is run; the program itself runs in stacks/.
    profile = load(name, config.get_object("set") or {}, REPOSITORY)
    wanted = config.get("supply") or "auto"
    supply, why = settle(environment, wanted)
    pulumi.log.info(f"supply {supply}: {why}")
    if wanted == "auto":
        Choice(environment, supply)
    receipts = provide(_needed(profile), supply, _tell)
    if not pulumi.runtime.is_dry_run():
        prune.note_use(environment_root(environment), receipts)
    provider = importlib.import_module(f"stacks.clusters.{profile.cluster.provider}")
    cluster: Cluster = provider.make(profile, environment, supply)
    versions = install(profile, cluster)
    entry = entry_point(profile)
    if entry and (wanted_names := names(profile)):
        EtcHosts(environment, entry.addresses[0], wanted_names)
    pulumi.export("kubeconfig", pulumi.Output.secret(cluster.kubeconfig))
    pulumi.export("cluster_identifier", cluster.identifier)
    pulumi.export("profile", name)
    # As text, which keeps the order of keys: Pulumi sorts maps.
    pulumi.export("merged_profile", profile.model_dump_json())
    pulumi.export("supply", str(supply))
    pulumi.export("modules", versions)
    if entry:
        pulumi.export("entry_point", asdict(entry))
    if cluster.ssh is not None:
        pulumi.export("ssh", pulumi.Output.secret(cluster.ssh))


def _needed(profile: Profile) -> list[str]:
    """What this run reads of the catalog: what nodes of our own need too, else what is installed from here."""
    if profile.cluster.provider == "local" and not pulumi.runtime.is_dry_run():
        return catalog_items(profile)
    return installed_from_here(profile)


def _tell(progress: Progress) -> None:
    if progress.phase != "cached":
        pulumi.log.info(f"catalog {progress.index}/{progress.total}: {progress.item} {progress.phase}")


main()
