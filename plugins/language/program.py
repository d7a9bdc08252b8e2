"""Runs one Python program against the engine and turns what it raises into what a person should read."""

import asyncio
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import grpc
import pulumi
from pulumi.runtime import reset_options, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2


def run(request: language_pb2.RunRequest) -> language_pb2.RunResponse:
    """Run the request's program to its end. Changes this process's directory, arguments and module path.

    `bail` in the response says that the error has been shown already.
    """
    _connect(request)
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(request.parallel, 1) * 4))
    # A failed resource leaves tasks behind that nobody awaits; asyncio's complaints about them help nobody.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(run_in_stack(lambda: _execute(request)))
    except BaseException as exception:
        message = explain(exception)
        if message:
            pulumi.log.error(message)
            return language_pb2.RunResponse(bail=True)
    return language_pb2.RunResponse()


def explain(exception: BaseException) -> str | None:
    """The words for a program's failure; None where it is no failure, or one that the engine shows itself.

    An exception whose class has `user_message = True` is a user's mistake: its own words are the whole message.
    """
    user_message = _user_message(exception)
    if user_message is not None:
        return user_message
    match exception:
        case SystemExit():
            return None if exception.code in (None, 0) else f"the program exited: {exception.code}"
        case pulumi.RunError() | KeyboardInterrupt():
            return str(exception) or "interrupted"
        case grpc.RpcError() if exception.code() == grpc.StatusCode.UNAVAILABLE:
            # The engine is shutting down, and says itself why.
            return None
        case grpc.RpcError():
            return f"the engine refused: {exception.details()}"
        case _:
            return "".join(traceback.format_exception(exception.with_traceback(_program_frames(exception))))


def _program_frames(exception: BaseException) -> TracebackType | None:
    """The traceback from the program's first frame on; all of it where the program was not on the stack."""
    frames = list(traceback.walk_tb(exception.__traceback__))
    runpy_frames = [i for i, (frame, _) in enumerate(frames) if frame.f_code.co_filename == "<frozen runpy>"]
    start = exception.__traceback__
    for _ in range(runpy_frames[-1] + 1 if runpy_frames else 0):
        start = start.tb_next if start else None
    return start


def _user_message(exception: BaseException) -> str | None:
    seen: list[BaseException] = []
    current: BaseException | None = exception
    while current is not None and current not in seen:
        if getattr(type(current), "user_message", False) is True:
            return str(current)
        seen.append(current)
        current = current.__cause__ or current.__context__
    return None


def _connect(request: language_pb2.RunRequest) -> None:
    """Point the SDK at this run's engine."""
    reset_options(
        project=request.project,
        root_directory=request.info.root_directory,
        monitor_address=request.monitor_address,
        engine_address=request.args[0] if request.args else "",
        stack=request.stack,
        parallel=request.parallel,
        preview=request.dryRun,
        organization=request.organization or "organization",
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))


def _execute(request: language_pb2.RunRequest) -> None:
    """Execute the program as `python PROGRAM` would: its directory first on the module path, `__main__` as name."""
    entry = Path(request.info.program_directory, request.info.entry_point)
    os.chdir(request.pwd)
    sys.argv = [str(entry), *request.args[1:]]
    if entry.is_file():
        sys.path.insert(0, str(entry.parent))
    runpy.run_path(str(entry), run_name="__main__")
