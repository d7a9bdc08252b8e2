"""The only place that makes Pulumi resources for modules."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pulumi
import pulumi_kubernetes

from catalog.build import chart, manifest
from catalog.directories import REPOSITORY, charts_root
from installer.gate import Ready
from installer.made_credentials import Credentials
from installer.manifest_chart import chart_files, digest, patched, without_credentials, write_chart
from installer.reads import Place, contents, digests, marked
from installer.stakes import has_volumes, is_teams
from installer.volumes import volume_of
from modules.contract.api import Object
from modules.contract.checks import Check, to_data
from modules.contract.cluster import Cluster
from modules.contract.credentials import filled, named
from modules.contract.lock import lock
from modules.contract.module import ALREADY_THERE, Module
from modules.contract.team import PLATFORMS
from modules.parts.routes import ROUTES_LABEL
from modules.registry import enabled
from profiles.schema import Profile

_PLUGIN_VERSION = version("pulumi-kubernetes")
ENVIRONMENT = "cairn/environment"
SKIP_AWAIT = "pulumi.com/skipAwait"
INSTALLED = "resourceNames"
"""A release's output: the names of what it has installed, by kind."""


def install(profile: Profile, cluster: Cluster) -> dict[str, str]:
    """Declare every module that the profile turns on, and return their versions by name.

    What somebody else has put on the cluster already is reported and left as it is.
    """
    installer, modules = _Installer(profile, cluster), enabled(profile)
    for module in modules:
        installer.add(module)
    return {each.name: ALREADY_THERE if each.name in cluster.present else module_version(each) for each in modules}


def module_version(module: Module) -> str:
    """The catalog's version of what the module installs; empty for one that installs nothing."""
    if module.remote_chart:
        return module.remote_chart.version
    item = module.chart or module.manifest or next(iter(module.images), None)
    return lock().version(item) if item else ""


def mark(namespace: str) -> Object:
    """What Cairn puts into a namespace that somebody else has made, beside the software that it installs there."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cairn", "namespace": namespace}}


class _Installer:
    def __init__(self, profile: Profile, cluster: Cluster) -> None:
        self._profile = profile
        self._cluster = cluster
        self._credentials = Credentials(pulumi.get_stack())
        self._labels = dict([PLATFORMS]) | {ENVIRONMENT: pulumi.get_stack()}
        self._provider = pulumi_kubernetes.Provider(
            "kubernetes",
            kubeconfig=cluster.kubeconfig,
            cluster_identifier=cluster.identifier,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(deleted_with=cluster.resource),
        )
        self._installed: dict[str, pulumi.Output[Any]] = {}
        """What each module's release has installed, by kind."""
        self._begun: dict[str, list[pulumi.Resource]] = {}
        """Each module's resources that don't wait for its gate."""
        self._last: dict[str, list[pulumi.Resource]] = {}
        """Of each module's resources those that come after all others: who waits for these waits for all."""
        self._contents: dict[Place, Any] = {}
        """What is in the Secrets and ConfigMaps of all modules so far."""

    def add(self, module: Module) -> None:
        group = pulumi.ComponentResource(f"cairn:module:{module.name}", module.name)
        software = _software_of(module, self._profile)
        before = [resource for name in module.requires for resource in self._last.get(name, [])]
        before += [resource for name in module.after for resource in self._begun.get(name, [])]
        objects = module.objects(self._profile)
        fingerprint = _fingerprint([module_version(module), software, objects])
        self._contents |= contents(objects)
        objects = [marked(made, self._contents) for made in objects]
        own = [made for made in objects if module.owns_object(made)]
        first, of_own = module.gates(self._profile)
        waited_for = self._waited_for(fingerprint, objects)
        present = module.name in self._cluster.present
        namespace = None if present or module.namespace is None else self._namespace(module, group, before)
        home = [namespace] if namespace else []
        others = [made for made in objects if made not in own]
        begun = [*home, *self._objects(others, group, before, {str(module.namespace): namespace} if namespace else {})]
        if present:
            pulumi.log.info(f"{module.name}: already there, left as it is", group)
            last = [*before, *begun]
        else:
            begun += self._software(module, software, group, [*before, *home])
            last = [self._gate(module.name, module, first, group, waited_for, [*before, *begun])]
        self._begun[module.name] = begun
        last += self._objects(own, group, last)
        if of_own and not present:
            last = [self._gate(f"{module.name}-objects", module, of_own, group, waited_for, last)]
        self._last[module.name] = last
        group.register_outputs({})

    def _namespace(self, module: Module, group: pulumi.Resource, before: Sequence[pulumi.Resource]) -> pulumi.Resource:
        labels = {"pod-security.kubernetes.io/enforce": module.pod_security, ROUTES_LABEL: "platform"}
        namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": module.namespace}}
        namespace["metadata"]["labels"] = labels
        if self._cluster.is_foreign(namespace):
            # Whoever made it keeps it; a mark in it tells the next run whose the software in it is.
            pulumi.log.info(f"Namespace {module.namespace}: already there, left as it is", group)
            namespace = mark(str(module.namespace))
        protect = any(has_volumes(made) for made in module.objects(self._profile))
        return self._object(namespace, group, before, protect and namespace["kind"] == "Namespace")

    def _software(
        self, module: Module, software: dict[str, Any], group: pulumi.Resource, before: Sequence[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        """The release of the module's chart."""
        item = module.release
        if item is None:
            return []
        release = {
            "name": item,
            "namespace": module.namespace,
            **filled(software, self._credentials.fill),
            # The gate waits, by the module's own checks.
            "skipAwait": True,
            "timeout": module.ready_seconds,
            "compat": "true",
            INSTALLED: None,
        }
        options = self._options(group, before)
        # With the definitions that it brings go all objects that people made of them.
        options.protect = bool(module.owns)
        made = pulumi.CustomResource("kubernetes:helm.sh/v3:Release", item, release, options)
        self._installed[module.name] = getattr(made, INSTALLED)
        return [made]

    def _objects(
        self,
        objects: Iterable[Object],
        group: pulumi.Resource,
        before: Sequence[pulumi.Resource],
        homes: Mapping[str, pulumi.Resource] = MappingProxyType({}),
    ) -> list[pulumi.Resource]:
        """Cluster-wide objects, then namespaces, then what is in them; so everything is deleted from the inside out.

        `homes` are namespaces that are made already.
        """
        waves: list[list[Object]] = [[], [], []]
        for made in objects:
            if self._cluster.is_foreign(made):
                pulumi.log.info(f"{made['kind']} {_name(made)}: already there, left as it is", group)
            else:
                waves[2 if "namespace" in made["metadata"] else 1 if made["kind"] == "Namespace" else 0].append(made)
        resources: list[pulumi.Resource] = []
        wide = [self._object(made, group, before) for made in waves[0]]
        namespaces = {_name(made): self._object(made, group, [*before, *wide]) for made in waves[1]}
        for made in waves[2]:
            outer = {**homes, **namespaces}.get(made["metadata"]["namespace"])
            resources.append(self._object(made, group, [*wide, outer] if outer else [*before, *wide]))
        return [*wide, *namespaces.values(), *resources]

    def _object(
        self, made: Object, group: pulumi.Resource, before: Sequence[pulumi.Resource], protect: bool = False
    ) -> pulumi.Resource:
        metadata = {**made["metadata"], "labels": {**made["metadata"].get("labels", {}), **self._labels}}
        version_of_api = made["apiVersion"] if "/" in made["apiVersion"] else f"core/{made['apiVersion']}"
        options = self._options(group, before, ["data", "stringData"] if made["kind"] == "Secret" else None)
        options.protect = protect or is_teams(made)
        if made["kind"] == "StatefulSet":
            options.ignore_changes = ["spec.volumeClaimTemplates"]
        elif made["kind"] == "Service":
            # The plug-in would watch a Service's endpoints for ten seconds more, and the gate that looks whether its
            # pods are available would wait for that. Services that were made without this stay as they are.
            metadata["annotations"] = {**metadata.get("annotations", {}), SKIP_AWAIT: "true"}
            options.ignore_changes = [f'metadata.annotations["{SKIP_AWAIT}"]']
        resource = pulumi.CustomResource(
            f"kubernetes:{version_of_api}:{made['kind']}",
            _name(made),
            {**filled(made, self._credentials.fill), "metadata": metadata},
            options,
        )
        if made["kind"] == "StatefulSet":
            volume_of(made, self._cluster, group, resource)
        return resource

    def _waited_for(self, fingerprint: str, objects: list[Object]) -> pulumi.Input[str]:
        """What a gate waits for anew when it changes: contents by their names, and credentials by their digests."""
        read = digests(objects)
        if not read:
            return fingerprint
        filled_in = pulumi.Output.all(*(self._credentials.fill(digest) for digest in read))
        return filled_in.apply(lambda plain: _fingerprint([fingerprint, *plain]))

    def _gate(
        self,
        name: str,
        module: Module,
        checks: tuple[Check, ...],
        group: pulumi.Resource,
        waited_for: pulumi.Input[str],
        before: Sequence[pulumi.Resource],
    ) -> pulumi.Resource:
        installed = self._installed.get(module.name)
        return Ready(
            name,
            {
                "module": module.name,
                "namespace": module.namespace or "",
                "kubeconfig": pulumi.Output.secret(self._cluster.kubeconfig),
                "cluster": self._cluster.identifier,
                "checks": to_data(checks),
                "contents": waited_for,
                "seconds": module.ready_seconds,
                **({"release": module.release, "installed": installed} if installed is not None else {}),
            },
            pulumi.ResourceOptions(
                parent=group,
                depends_on=[*before, *self._cluster.nodes],
                deleted_with=self._cluster.resource,
                additional_secret_outputs=["kubeconfig"],
            ),
        )

    def _options(
        self, group: pulumi.Resource, before: Sequence[pulumi.Resource], secret: list[str] | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=group,
            provider=self._provider,
            depends_on=list(before),
            deleted_with=self._cluster.resource,
            additional_secret_outputs=secret,
            version=_PLUGIN_VERSION,
        )


def _software_of(module: Module, profile: Profile) -> dict[str, Any]:
    """What a release installs: its chart, that chart's version, and the values that it is set to.

    The chart is on disk as the catalog put it, made here of a manifest, or in a repository.
    """
    if remote := module.remote_chart:
        source = {"chart": remote.name, "version": remote.version, "repositoryOpts": {"repo": remote.repository}}
        return {**source, "values": module.values(profile)}
    if module.chart:
        source = {
            "chart": _from_program(REPOSITORY / chart(module.chart)),
            "version": lock().charts[module.chart].version,
        }
        return {**source, "values": module.values(profile)}
    if module.manifest:
        objects = patched(manifest(module.manifest).read_text(), lambda found: module.patch(found, profile))
        objects, credentials = without_credentials(objects)
        files = chart_files(module.manifest, module_version(module), objects)
        directory = charts_root() / module.manifest
        write_chart(directory, files)
        source = {"chart": _from_program(directory), "version": module_version(module).removeprefix("v")}
        # The contents of a chart on disk are no input of its release: a changed manifest shows by its digest.
        return {**source, "values": {"contents": digest(files)} | ({"credentials": credentials} if credentials else {})}
    return {}


def _from_program(path: Path) -> str:
    """A path as the release's plug-in finds it: from the program's directory, the same in every checkout."""
    return os.path.relpath(path, Path.cwd())


def _name(made: Object) -> str:
    metadata = made["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


def _fingerprint(content: object) -> str:
    return hashlib.sha256(json.dumps(named(content), sort_keys=True).encode()).hexdigest()[:16]
