"""A recording engine: runs a piece of a Pulumi program and keeps what it registered, dependencies included."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc

_STACK = "pulumi:pulumi:Stack"


@dataclass
class Registered:
    """One resource as the program asked for it."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    depends_on: set[str]
    deleted_with: str
    secrets: set[str] = field(default_factory=set)
    protect: bool = False
    former: set[str] = field(default_factory=set)
    """The URNs by which the engine finds it in an older state: its aliases, and those that its parent's give."""
    ignores: list[str] = field(default_factory=list)


class _Mocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # type: ignore[override]
        del args
        return {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", dict(args.inputs)


class _Monitor(mocks.MockMonitor):
    def __init__(self, records: list[Registered]) -> None:
        super().__init__(_Mocks())
        self._records = records

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes it: the types of all parents but the stack, and of a resource's own."""
        outer = parent.split("::")[2] if parent else _STACK
        types = type_ if outer == _STACK else f"{outer}${type_}"
        return "::".join(["urn:pulumi:stack", "project", types, name])

    def _former(self, request: Any) -> set[str]:
        urns = set(request.aliasURNs)
        for alias in request.aliases:
            spec = alias.spec
            parent = "" if spec.noParent else spec.parentUrn or request.parent
            urns.add(alias.urn or self.make_urn(parent, spec.type or request.type, spec.name or request.name))
        for outer in (each for each in self._records if each.urn == request.parent):
            for alias in outer.former:
                # What is named after its parent was named after the parent's old name.
                name, former_name = request.name, alias.split("::")[-1]
                renamed = former_name + name.removeprefix(outer.name) if name.startswith(outer.name) else name
                urns.add(self.make_urn(alias, request.type, renamed))
        return urns

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
        self._records.append(
            Registered(
                urn=answer.urn,
                type=request.type,
                name=request.name,
                inputs=_plain(inputs),
                depends_on=set(request.dependencies),
                deleted_with=request.deletedWith,
                ignores=list(request.ignoreChanges),
                secrets={key for key, value in inputs.items() if rpc.is_rpc_secret(value)}
                | set(request.additionalSecretOutputs),
                protect=request.protect,
                former=self._former(request),
            )
        )
        return answer


def _plain(inputs: dict[str, Any]) -> dict[str, Any]:
    return {key: rpc.unwrap_rpc_secret(value) for key, value in inputs.items()}


@dataclass
class Recording:
    """Everything that a program registered."""

    records: list[Registered]
    outputs: dict[str, Any]
    """The stack's outputs, as the program gave them."""

    def one(self, type_part: str, name: str) -> Registered:
        """The resource of that name whose type contains `type_part`."""
        [found] = [each for each in self.records if type_part in each.type and each.name == name]
        return found

    def comes_after(self, later: Registered, earlier: Registered) -> bool:
        """Whether `later` waits for `earlier`, directly or through others."""
        by_urn = {each.urn: each for each in self.records}
        seen: set[str] = set()
        waiting = set(later.depends_on)
        while waiting:
            urn = waiting.pop()
            if urn == earlier.urn:
                return True
            if urn not in seen and urn in by_urn:
                seen.add(urn)
                waiting |= by_urn[urn].depends_on
        return False


def record(program: Callable[[], object], stack: str = "laptop") -> Recording:
    """Run `program` to its end and return what it registered."""
    # Others in this process may have closed theirs.
    asyncio.set_event_loop(asyncio.new_event_loop())
    records: list[Registered] = []
    outputs: dict[str, Any] = {}
    mocks.set_mocks(_Mocks(), project="cairn", stack=stack, preview=False, monitor=_Monitor(records))
    with pytest.MonkeyPatch.context() as patch:
        # A program under test has no stack that would take its outputs.
        patch.setattr(pulumi, "export", outputs.__setitem__)
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return Recording(records, outputs)
