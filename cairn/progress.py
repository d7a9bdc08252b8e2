"""What the engine's events amount to: one row per part of the platform, with its state and times."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pulumi.automation import EngineEvent, OpType

from cairn.changes import Change, changes
from cairn.parts import is_module, part_of, settles

AMBIENT = re.compile(r"using pulumi-\S+ from \$PATH")
"""The engine's word for each plug-in that is found on PATH; `cairn up` says it once, in its own words."""
AWAITED = re.compile(r"\[(Pod [^]]+|[A-Z][A-Za-z]+)\]:? ")
"""The Kubernetes plug-in's words, while it waits for an object, for what isn't there yet; if it gives up, it errs."""
FROM_PLUGIN = "Exception calling application: "
"""What gRPC for Python puts before the words of an exception."""
DEFAULT_PROVIDER = re.compile(r"::pulumi:providers:[^:]+::default(_|$)")
UNCHANGED = {OpType.SAME, OpType.READ, OpType.REFRESH}


class State(StrEnum):
    """How a part stands."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass
class Row:
    """One part: a module, the cluster, or what belongs to neither. Times are seconds on the caller's clock."""

    name: str
    state: State = State.WAITING
    doing: dict[str, str] = field(default_factory=dict)
    """Resources under way, by URN, as a person calls them."""
    changed: int = 0
    started: float | None = None
    ended: float | None = None

    def become(self, state: State) -> "Row | None":
        """Take on a state; returns the row when that is news."""
        if self.state is state:
            return None
        self.state = state
        return self

    def seconds(self, now: float) -> float:
        """How long it has been, or was, worked on."""
        return 0.0 if self.started is None else (self.ended if self.ended and not self.doing else now) - self.started


@dataclass(frozen=True)
class Step:
    """One change of one resource, for `--json`."""

    operation: str
    resource: str
    urn: str
    paths: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass
class Progress:
    """Takes engine events one at a time. `clock` gives seconds; only differences count."""

    clock: Callable[[], float]
    rows: dict[str, Row] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the program said about a part, such as what it found there already."""
    changes: dict[str, int] = field(default_factory=dict)

    def expect(self, *names: str) -> None:
        """Name parts beforehand, so that they are shown in this order while they wait."""
        for name in names:
            self.rows.setdefault(name, Row(name))

    def take(self, event: EngineEvent) -> Row | None:
        """Account for one event; returns the row that changed its state, if one did."""
        if event.summary_event is not None:
            self.changes = {_word(key): count for key, count in event.summary_event.resource_changes.items()}
        if event.diagnostic_event is not None:
            self._diagnostic(event.diagnostic_event)
        if event.resource_pre_event is not None:
            return self._begin(event.resource_pre_event.metadata)
        if event.res_outputs_event is not None:
            return self._end(event.res_outputs_event.metadata, failed=False)
        if event.res_op_failed_event is not None:
            return self._end(event.res_op_failed_event.metadata, failed=True)
        return None

    def finish(self) -> None:
        """Settle what no event settles: parts without a sign of their own when the engine has ended well."""
        for row in self.rows.values():
            if row.state is State.WORKING:
                row.state = State.DONE

    def _row(self, urn: str) -> Row:
        name = part_of(urn)
        return self.rows.setdefault(name, Row(name))

    def _begin(self, metadata: Any) -> Row | None:
        if metadata.op in UNCHANGED or not _is_custom(metadata):
            return None
        row = self._row(metadata.urn)
        self.steps.append(
            Step(_word(metadata.op), label(metadata.urn), metadata.urn, tuple(metadata.diffs or ()), changes(metadata))
        )
        row.doing[metadata.urn] = f"{_word(metadata.op)} {label(metadata.urn)}"
        row.changed += 1
        row.started = self.clock() if row.started is None else row.started
        return row.become(State.WORKING) if row.state in (State.WAITING, State.UNCHANGED) else None

    def _end(self, metadata: Any, failed: bool) -> Row | None:
        if not _is_custom(metadata):
            return None
        row = self._row(metadata.urn)
        if metadata.op in UNCHANGED and not failed:
            if row.state is State.WAITING:
                row.state = State.UNCHANGED
            return None
        row.doing.pop(metadata.urn, None)
        row.ended = self.clock()
        if failed:
            return row.become(State.FAILED)
        return row.become(State.DONE) if settles(metadata.type) and row.state is State.WORKING else None

    def _diagnostic(self, diagnostic: Any) -> None:
        text, urn = diagnostic.message.strip().removeprefix(FROM_PLUGIN), diagnostic.urn or ""
        if diagnostic.severity == "error" and text:
            self.errors.setdefault(urn, []).append(text)
        elif diagnostic.severity == "info" and is_module(urn) and text not in self.notes:
            self.notes.append(text)
        elif diagnostic.severity == "warning" and text and text not in self.warnings and not _passing(text):
            self.warnings.append(text)


def _passing(text: str) -> bool:
    """Whether a warning says nothing that a person should know once the run is over."""
    return bool(AMBIENT.match(text) or AWAITED.match(text))


def _is_custom(metadata: Any) -> bool:
    """Whether a plug-in manages the resource: the stack and components only group others and end silently.

    Nor do the engine's own default providers, which `pulumi` doesn't show either.
    """
    return bool((metadata.new or metadata.old).custom) and not DEFAULT_PROVIDER.search(metadata.urn)


def label(urn: str) -> str:
    """A resource as a person calls it: `Deployment kueue-system/kueue` for a URN."""
    kind, _, name = urn.split("::", 2)[2].partition("::")
    return f"{kind.split('$')[-1].split(':')[-1]} {name}"


def _word(operation: object) -> str:
    return str(operation.value if isinstance(operation, OpType) else operation)
