"""helm.sh/v3:Release: check, create, update, read and delete of Helm releases."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from plugins.kubernetes import charts, events
from plugins.kubernetes.applying import Objects
from plugins.kubernetes.awaiting import rules
from plugins.kubernetes.charts import OWNER, owner_label
from plugins.kubernetes.checking import Naming, generated_name
from plugins.kubernetes.errors import NotReadyError, Object, ProviderError
from plugins.kubernetes.helm import Helm, HelmError, Revision
from plugins.kubernetes.kinds import Kind
from plugins.kubernetes.manifests import headers, resource_names
from plugins.kubernetes.objects import id_of, namespace_of
from plugins.kubernetes.values import UNKNOWN, Properties, Secret, has_unknown, mark_secrets, reveal, reveal_all

IMMUTABLE = ("name", "namespace")


@dataclass(frozen=True)
class State:
    """A release as it is: its id and outputs, and the inputs that it was made from as far as it tells."""

    resource_id: str
    outputs: Properties
    inputs: Properties


class Releases:
    """The Helm releases of one cluster."""

    def __init__(
        self, helm: Helm, objects: Objects, namespace: str = "", status: Callable[[str, str], None] = lambda *_: None
    ) -> None:
        self._helm = helm
        self._objects = objects
        self._namespace = namespace
        self._status = status

    def check(self, new: Properties, old: Properties, naming: Naming) -> Properties:
        """The inputs to record: all defaults, a name, and the version of a chart that is a directory here."""
        inputs, before = reveal_all(new), reveal_all(old)
        name = inputs.get("name") or before.get("name") or generated_name(naming)
        completed = charts.complete(inputs, cast(str, name), self._namespace)
        chart = completed.get("chart")
        if not chart:
            raise ProviderError("Release.chart is missing")
        if not has_unknown(chart) and not has_unknown(completed.get("repositoryOpts")):
            version = charts.local_version(chart, bool((completed.get("repositoryOpts") or {}).get("repo")))
            if version:
                completed["version"] = version
        return cast(Properties, mark_secrets(completed, new))

    def create(self, new: Properties, urn: str, preview: bool) -> State:
        """Install a release, or take up one that an earlier run of the same resource was killed in.

        :raises NotReadyError: the release exists but is not ready; its `live` is the outputs.
        :raises ProviderError: helm refused, or the release is somebody else's.
        """
        inputs = reveal_all(new)
        if preview:
            return State("", _outputs(new, inputs, None), new)
        namespace, name = str(inputs["namespace"]), str(inputs["name"])
        revision = self._helm.latest(namespace, name)
        if revision and revision.labels.get(OWNER) != owner_label(urn) and revision.status != "uninstalled":
            raise ProviderError(
                f"the Helm release {namespace}/{name} exists already and is not this resource's: "
                f"`pulumi import` it, or remove it with `helm uninstall {name} -n {namespace}`"
            )
        return self._put(new, urn, self._helm.repair(namespace, name))

    def update(self, new: Properties, urn: str, preview: bool) -> State:
        """Upgrade a release; install it where it is gone. Errors are those of `create`."""
        inputs = reveal_all(new)
        if preview:
            return State(id_of_release(inputs), _outputs(new, inputs, None), new)
        return self._put(new, urn, self._helm.repair(str(inputs["namespace"]), str(inputs["name"])))

    def read(self, resource_id: str, recorded: Properties) -> State | None:
        """A release as it is; None where there is none. Without recorded inputs it is an import."""
        namespace, _, name = resource_id.rpartition("/")
        namespace = namespace or self._namespace or "default"
        revision = self._helm.latest(namespace, name)
        if revision is None or revision.status == "uninstalled":
            return None
        record = self._helm.record(namespace, revision)
        old = reveal_all(recorded) or charts.complete(
            {"chart": record["chart"]["metadata"]["name"], "values": record.get("config") or {}}, name, namespace
        )
        values = record.get("config") or {}
        live = {**old, "version": record["chart"]["metadata"]["version"]}
        if _json(values) != _json(old.get("values") or {}):
            live["values"] = values
        inputs = cast(Properties, mark_secrets(live, recorded))
        return State(f"{namespace}/{name}", _outputs(inputs, live, record), inputs)

    def delete(self, old: Properties) -> None:
        """Uninstall a release and, unless its inputs say otherwise, wait until its objects are gone."""
        inputs = cast(Object, {**charts.DEFAULTS, **reveal_all(old)})
        namespace, name = str(inputs["namespace"]), str(inputs["name"])
        if self._helm.latest(namespace, name) is None:
            return
        flags = charts.timeout_flags({**inputs, "skipAwait": inputs["skipAwait"] and not inputs["atomic"]})
        self._helm.run(["uninstall", name, "--namespace", namespace, "--ignore-not-found", *flags])

    def _put(self, new: Properties, urn: str, revision: Revision | None) -> State:
        inputs = cast(Object, reveal_all(new))
        namespace, name, chart = inputs["namespace"], inputs["name"], inputs["chart"]
        if inputs["lint"]:
            self._helm.run(["lint", chart], inputs["values"])
        if revision is None or revision.status == "uninstalled":
            command, flags = "install", charts.install_flags(inputs, urn)
        else:
            command, flags = "upgrade", charts.upgrade_flags(inputs, urn)
        self._status(f"helm {command}", urn)
        try:
            self._helm.run([command, name, chart, "--namespace", namespace, *flags], inputs["values"])
        except HelmError as error:
            left = self._helm.latest(namespace, name)
            if left is None or left.number <= (revision.number if revision else 0):
                # Helm changed nothing.
                raise
            record = self._helm.record(namespace, left)
            reasons = [
                f"the Helm release {namespace}/{name} is {left.status}: {error}",
                *self._reasons(record),
            ]
            raise NotReadyError(cast(Object, _outputs(new, inputs, record)), reasons) from None
        self._status("", urn)
        done = self._helm.latest(namespace, name)
        if done is None:
            raise ProviderError(f"the Helm release {namespace}/{name} was removed while it was installed")
        return State(id_of_release(inputs), _outputs(new, inputs, self._helm.record(namespace, done)), new)

    def _reasons(self, record: Object) -> list[str]:
        """Which of the release's objects are not ready, and why."""
        reasons = []
        for header in headers(str(record.get("manifest", ""))):
            rule = rules.for_reading(header)
            if rule is None or header["kind"] == "Service":
                continue
            namespace = namespace_of(header) or record["namespace"]
            live = self._objects.reader.read(Kind.of(header), f"{namespace}/{header['metadata']['name']}")
            if live is None:
                continue
            readiness = rule(live, self._objects.reader.find_all)
            if not readiness.ready:
                reasons.append(f"{header['kind']} {id_of(live)}: {readiness.waiting_for}")
                reasons += events.explain(live, self._objects.reader.find_all)
        return reasons


def id_of_release(inputs: Properties) -> str:
    """The resource id: namespace/name."""
    return f"{inputs['namespace']}/{inputs['name']}"


def _outputs(new: Properties, inputs: Properties, record: Object | None) -> Properties:
    """The outputs that the official plug-in has for a release; `__inputs` is secret as a whole."""
    outputs = dict(cast(Properties, mark_secrets(inputs, new)))
    if record is None:
        outputs |= {"resourceNames": UNKNOWN, "status": UNKNOWN}
    else:
        metadata = record["chart"]["metadata"]
        outputs["version"] = metadata["version"]
        outputs["resourceNames"] = cast(Any, resource_names(str(record.get("manifest", ""))))
        outputs["status"] = {
            "appVersion": metadata.get("appVersion", ""),
            "chart": metadata["name"],
            "name": record["name"],
            "namespace": record["namespace"],
            "revision": record["version"],
            "status": record["info"]["status"],
            "version": metadata["version"],
        }
    return {**outputs, "__inputs": Secret(reveal(new))}


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
