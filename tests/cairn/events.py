"""Engine events as the Automation API hands them over, for tests."""

from typing import Any

from pulumi.automation import EngineEvent

MODULE = "urn:pulumi:dev::cairn::cairn:module:queueing$kubernetes:helm.sh/v3:Release::kueue"
GATE = "urn:pulumi:dev::cairn::cairn:module:queueing$pulumi-python:dynamic/cairn:Ready::queueing"
NODE = "urn:pulumi:dev::cairn::pulumi-python:dynamic/cairn:LocalNode::dev-control-plane"
COMPONENT = "urn:pulumi:dev::cairn::cairn:module:queueing::queueing"


def _step(urn: str, operation: str, custom: bool) -> dict[str, Any]:
    kind = urn.split("::")[2].split("$")[-1]
    return {"op": operation, "urn": urn, "type": kind, "new": {"urn": urn, "type": kind, "custom": custom}}


def begins(urn: str, operation: str = "create", custom: bool = True) -> EngineEvent:
    return EngineEvent.from_json({"resourcePreEvent": {"metadata": _step(urn, operation, custom)}})


def ends(urn: str, operation: str = "create", custom: bool = True) -> EngineEvent:
    return EngineEvent.from_json({"resOutputsEvent": {"metadata": _step(urn, operation, custom)}})


def fails(urn: str, operation: str = "create") -> EngineEvent:
    return EngineEvent.from_json({"resOpFailedEvent": {"metadata": _step(urn, operation, True)}})


def says(severity: str, message: str, urn: str = "") -> EngineEvent:
    return EngineEvent.from_json({"diagnosticEvent": {"severity": severity, "message": message, "urn": urn}})


def sums_up(**changes: int) -> EngineEvent:
    return EngineEvent.from_json({"summaryEvent": {"resourceChanges": changes}})
