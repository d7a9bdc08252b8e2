"""Serves a plug-in's gRPC service to the engine: the port on standard output, then calls until the engine is done."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

# A call may wait for minutes (an object that gets ready, a gate that polls), so calls must outnumber the engine's
# parallel operations (`--parallel`, 16 by default on four cores, four times the cores); a waiting thread costs little.
WORKERS = 128


def engine_address(arguments: list[str]) -> str | None:
    """Address of the engine's own service: the last argument, behind the logging flags that the engine may pass."""
    return arguments[-1] if arguments and not arguments[-1].startswith("-") else None


def serve(add_service: Callable[[grpc.Server], None], close: Callable[[], None] = lambda: None) -> None:
    """Serve until the engine interrupts, which it does when it closes a plug-in, then leave at once.

    Leaving does not wait for calls that are still running: the engine has given up on them.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=_GRPC_CHANNEL_OPTIONS)
    add_service(server)
    port = server.add_insecure_port("127.0.0.1:0")
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    server.start()
    print(port, flush=True)
    done.wait()
    server.stop(0)
    close()
    sys.stdout.flush()
    os._exit(0)
