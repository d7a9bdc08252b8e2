"""Labels of a node that the profile asks for, as a resource of their own: taken off again when they are taken out."""

from typing import Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import Resource as DynamicResource
from pulumi.dynamic import UpdateResult

from hosts import cluster as running_cluster
from hosts.errors import HostError
from hosts.spec import Host
from stacks.clusters.settling import Provider


class NodeLabelsProvider(Provider):
    """Pickled by reference, so it must stay importable as `stacks.clusters.node_labels.NodeLabelsProvider`."""

    replace_on = ("node",)

    def identity(self, inputs: dict[str, Any]) -> str:
        """The node's name."""
        return str(inputs["node"])

    def settle(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Puts the labels there."""
        running_cluster.label(Host(**inputs["control_plane"]), inputs["node"], inputs["labels"])
        return {}

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Puts the new ones there and takes those off that are no longer asked for."""
        gone = dict.fromkeys(_olds["labels"].keys() - _news["labels"].keys())
        running_cluster.label(Host(**_news["control_plane"]), _id, {**gone, **_news["labels"]})
        return UpdateResult(_news)

    def live(self, inputs: dict[str, Any]) -> bool:
        """Whether the node has them; no where it can't be asked."""
        try:
            found = running_cluster.labels(Host(**inputs["control_plane"]), inputs["node"])
        except (HostError, TypeError):
            # In a preview of a new cluster the control plane's keys are unknown.
            return False
        return all(found.get(key) == value for key, value in inputs["labels"].items())

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Takes them off, if the node is there."""
        running_cluster.label(Host(**_props["control_plane"]), _id, dict.fromkeys(_props["labels"]))


class NodeLabels(DynamicResource, module="kubeadm", name="NodeLabels"):
    """Labels that the node has besides those that kubelet gives it."""

    def __init__(
        self, node: str, labels: dict[str, str], control_plane: dict[str, Input[Any]], opts: ResourceOptions
    ) -> None:
        props = {"node": node, "labels": labels, "control_plane": control_plane}
        super().__init__(NodeLabelsProvider(), f"{node}-labels", props, opts)
