"""Starts the SDK's own server of dynamic providers; the engine runs it as `pulumi-resource-pulumi-python`.

The SDK's server is what `python -m pulumi.dynamic` runs, and it does all the work. Three things are added: it ends with
the engine, it handles as many resources at once as the engine asks for (the SDK's four would be filled by four gates
that wait), and `pulumi.log` in a provider reaches the engine.
"""

import functools
import os
import runpy
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import grpc
import pulumi.runtime
from pulumi.runtime.proto import engine_pb2_grpc

from plugins.lifetime import end_with_engine
from plugins.serving import WORKERS, engine_address


def main() -> None:
    """Serve dynamic providers until the engine interrupts."""
    end_with_engine()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Providers are often classes of the program's modules, so its directory must be importable, as in the program.
    sys.path.insert(0, str(Path.cwd()))
    # The SDK's server has no setting for either, but looks both names up in their modules when it starts.
    grpc.server = functools.partial(_server_with_workers, grpc.server)
    if address := engine_address(sys.argv[1:]):
        engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
        pulumi.runtime.Settings = functools.partial(  # type: ignore[misc, assignment]
            pulumi.runtime.Settings, engine=engine
        )
    runpy.run_module("pulumi.dynamic", run_name="__main__")
    # The engine is done with the plug-in; calls that still run have nobody to answer.
    os._exit(0)


def _server_with_workers(original: Callable[..., grpc.Server], _: Executor, **options: object) -> grpc.Server:
    return original(ThreadPoolExecutor(max_workers=WORKERS), **options)


if __name__ == "__main__":
    main()
