"""Speaks to the Kubernetes plug-in as the engine does."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from plugins.kubernetes.values import Properties, decode, encode

LAUNCHER = Path(__file__).parents[2] / "plugins/bin/pulumi-resource-kubernetes"


@dataclass(frozen=True)
class Made:
    """A resource as the engine would record it."""

    id: str
    inputs: Properties
    outputs: Properties
    kind: str
    name: str


class InitError(Exception):
    """The resource exists but did not get ready."""

    def __init__(self, made: Made, message: str, reasons: list[str]) -> None:
        self.made = made
        self.reasons = reasons
        super().__init__(message)


class CallError(Exception):
    """The plug-in's error."""


class Provider:
    """One plug-in process."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub, process: subprocess.Popen[str]) -> None:
        self._stub = stub
        self.process = process

    @classmethod
    @contextmanager
    def start(cls, kubeconfig: str, **arguments: str) -> Iterator["Provider"]:
        """Start and configure a plug-in."""
        process = subprocess.Popen(
            [str(LAUNCHER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0, text=True
        )
        assert process.stdout
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                provider = cls(provider_pb2_grpc.ResourceProviderStub(channel), process)
                args = encode({"kubeconfig": kubeconfig, **arguments})
                request = provider_pb2.ConfigureRequest(args=args, acceptSecrets=True)
                assert provider._stub.Configure(request).supportsPreview
                yield provider
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def check(self, kind: str, name: str, inputs: Properties, old: Properties | None = None) -> Properties:
        """The inputs to record."""
        request = provider_pb2.CheckRequest(
            urn=_urn(kind, name), news=encode(inputs), olds=encode(old or {}), randomSeed=os.urandom(32)
        )
        return decode(self._call(self._stub.Check, request).inputs)

    def create(self, kind: str, name: str, inputs: Properties, preview: bool = False, timeout: float = 120) -> Made:
        """Check, then create."""
        checked = self.check(kind, name, inputs)
        request = provider_pb2.CreateRequest(
            urn=_urn(kind, name), properties=encode(checked), preview=preview, timeout=timeout
        )
        response = self._call(self._stub.Create, request, checked, kind, name)
        return Made(response.id, checked, decode(response.properties), kind, name)

    def diff(self, made: Made, inputs: Properties) -> provider_pb2.DiffResponse:
        """Check, then compare."""
        checked = self.check(made.kind, made.name, inputs, made.inputs)
        request = provider_pb2.DiffRequest(
            id=made.id,
            urn=_urn(made.kind, made.name),
            olds=encode(made.outputs),
            old_inputs=encode(made.inputs),
            news=encode(checked),
        )
        response = self._call(self._stub.Diff, request)
        assert isinstance(response, provider_pb2.DiffResponse)
        return response

    def update(self, made: Made, inputs: Properties, preview: bool = False, timeout: float = 120) -> Made:
        """Check, then update."""
        checked = self.check(made.kind, made.name, inputs, made.inputs)
        request = provider_pb2.UpdateRequest(
            id=made.id,
            urn=_urn(made.kind, made.name),
            olds=encode(made.outputs),
            old_inputs=encode(made.inputs),
            news=encode(checked),
            preview=preview,
            timeout=timeout,
        )
        response = self._call(self._stub.Update, request, checked, made.kind, made.name)
        return Made(made.id, checked, decode(response.properties), made.kind, made.name)

    def read(self, kind: str, name: str, resource_id: str, made: Made | None = None) -> Made:
        """Read what there is: a refresh of what was made, or an import."""
        request = provider_pb2.ReadRequest(
            id=resource_id,
            urn=_urn(kind, name),
            inputs=encode(made.inputs if made else {}),
            properties=encode(made.outputs if made else {}),
        )
        response = self._call(self._stub.Read, request, {}, kind, name)
        return Made(response.id, decode(response.inputs), decode(response.properties), kind, name)

    def delete(self, made: Made, timeout: float = 120) -> None:
        """Delete."""
        request = provider_pb2.DeleteRequest(
            id=made.id,
            urn=_urn(made.kind, made.name),
            properties=encode(made.outputs),
            old_inputs=encode(made.inputs),
            timeout=timeout,
        )
        self._call(self._stub.Delete, request)

    def cancel(self) -> None:
        """Give up every wait."""
        self._stub.Cancel(empty_pb2.Empty())

    def invoke(self, token: str) -> None:
        """Call a function."""
        self._call(self._stub.Invoke, provider_pb2.InvokeRequest(tok=token))

    def _call(self, method: Any, request: Any, inputs: Properties | None = None, kind: str = "", name: str = "") -> Any:
        try:
            return method(request)
        except grpc.RpcError as error:
            metadata = dict(cast(Any, error.trailing_metadata() or ()))
            if "grpc-status-details-bin" not in metadata:
                raise CallError(error.details()) from None
            status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
            detail = provider_pb2.ErrorResourceInitFailed()
            assert status.details[0].Unpack(detail)
            recorded = decode(detail.inputs) or inputs or {}
            made = Made(detail.id, recorded, decode(detail.properties), kind, name)
            raise InitError(made, status.message, list(detail.reasons)) from None


def _urn(kind: str, name: str) -> str:
    return f"urn:pulumi:smoke::plugins::kubernetes:{kind}::{name}"
