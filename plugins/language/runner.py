"""Runs each program in a process of its own, forked from one that has imported Pulumi's SDK already.

A second run in the same process would find the program's modules imported and so miss the resources that they
declare; a fresh interpreter would spend half a second on importing the SDK again.
"""

import os
import signal
import socket
import sys
import threading
from typing import Self

from pulumi.runtime.proto import language_pb2

from plugins.language import program
from plugins.lifetime import end_with_parent


class Run:
    """One running program, at the other end of a connection."""

    def __init__(self, connection: socket.socket, request: language_pb2.RunRequest) -> None:
        self._connection = connection
        payload = request.SerializeToString()
        connection.sendall(len(payload).to_bytes(8, "big") + payload)

    def result(self) -> language_pb2.RunResponse:
        """Wait for the program's end. A program that ended without a word (killed, os._exit) is an error."""
        with self._connection.makefile("rb") as stream:
            answer = stream.read()
        self._connection.close()
        if not answer:
            return language_pb2.RunResponse(error="the program's process ended before the program was done")
        return language_pb2.RunResponse.FromString(answer[1:])

    def kill(self) -> None:
        """End the program's process, if it still runs: it ends with its connection."""
        if self._connection.fileno() >= 0:
            self._connection.shutdown(socket.SHUT_WR)


class Runner:
    """The forked process that starts programs, and the way to ask it."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._lock = threading.Lock()

    @classmethod
    def start(cls) -> Self:
        """Fork the starter. Call it from the main thread, before gRPC is in use: gRPC does not survive a fork."""
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            ours.close()
            end_with_parent()
            _start_programs(theirs)
            os._exit(0)
        theirs.close()
        return cls(ours)

    def run(self, request: language_pb2.RunRequest) -> Run:
        """Start the request's program."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            socket.send_fds(self._requests, [b"r"], [theirs.fileno()])
        return Run(ours, request)


def _start_programs(requests: socket.socket) -> None:
    """Fork one process for each connection that comes in."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, descriptors, _, _ = socket.recv_fds(requests, 1, 1)
        if not descriptors:
            return
        with socket.socket(fileno=descriptors[0]) as connection:
            if os.fork() == 0:
                requests.close()
                end_with_parent()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _run_program(connection)


def _run_program(connection: socket.socket) -> None:
    stream = connection.makefile("rb")
    request = language_pb2.RunRequest.FromString(stream.read(int.from_bytes(stream.read(8), "big")))
    threading.Thread(target=_end_with_connection, args=(connection,), daemon=True).start()
    response = program.run(request)
    sys.stdout.flush()
    sys.stderr.flush()
    # One byte in front: an empty response is zero bytes long.
    connection.sendall(b"\n" + response.SerializeToString())
    os._exit(0)


def _end_with_connection(connection: socket.socket) -> None:
    while connection.recv(1):
        pass
    os._exit(1)
