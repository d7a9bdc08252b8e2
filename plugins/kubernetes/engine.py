"""Messages to the engine, shown next to the resource that they are about."""

import contextlib

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Engine:
    """The engine's log; without an address (a test that has no engine) messages go nowhere."""

    def __init__(self, address: str | None = None) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)) if address else None

    def debug(self, message: str, urn: str = "") -> None:
        """Shown with --debug only."""
        self._log(engine_pb2.DEBUG, message, urn)

    def info(self, message: str, urn: str = "") -> None:
        """Kept in the run's diagnostics."""
        self._log(engine_pb2.INFO, message, urn)

    def warn(self, message: str, urn: str = "") -> None:
        """Kept in the run's diagnostics as a warning."""
        self._log(engine_pb2.WARNING, message, urn)

    def status(self, message: str, urn: str) -> None:
        """What a resource waits for right now; replaced by the next one."""
        self._log(engine_pb2.INFO, message, urn, ephemeral=True)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, message: str, urn: str, ephemeral: bool = False) -> None:
        if self._stub is None:
            return
        # The work matters more than the message: an engine that is closing takes no more of them.
        with contextlib.suppress(grpc.RpcError):
            self._stub.Log(engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral))
