"""Serves a plug-in's gRPC service to the engine: the port on standard output, then calls until the engine is done."""

import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import grpc

# A call may wait for minutes (an object that gets ready, a gate that polls), so calls must outnumber the engine's
# parallel operations (`--parallel`, 16 by default on four cores, four times the cores); a waiting thread costs little.
WORKERS = 128
# As in the SDK: states hold large objects, and calls may queue while a program declares many resources at once.
OPTIONS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.server_max_unrequested_time_in_server", 30 * 60),
]


def without_sdk() -> None:
    """Let this process import the SDK's generated stubs (`pulumi.runtime.proto`) without the SDK around them.

    The SDK takes 0.4 s to import, and each run starts three of these processes, which use nothing else of it. Call it
    first, and in a process of its own only: `import pulumi` gives an empty package from then on.
    """
    location = importlib.util.find_spec("pulumi")
    assert location and location.submodule_search_locations and "pulumi" not in sys.modules
    directory = Path(location.submodule_search_locations[0])
    for name, path in (("pulumi", directory), ("pulumi.runtime", directory / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package


def engine_address(arguments: list[str]) -> str | None:
    """Address of the engine's own service: the last argument, behind the logging flags that the engine may pass."""
    return arguments[-1] if arguments and not arguments[-1].startswith("-") else None


def serve(add_service: Callable[[grpc.Server], None]) -> None:
    """Serve until the engine interrupts, which it does when it closes a plug-in, then leave at once.

    Leaving does not wait for calls that are still running: the engine has given up on them.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=OPTIONS)
    add_service(server)
    port = server.add_insecure_port("127.0.0.1:0")
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    server.start()
    print(port, flush=True)
    done.wait()
    server.stop(0)
    sys.stdout.flush()
    os._exit(0)
