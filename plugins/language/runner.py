"""The host's side of running programs: asks the starter for a process per run, and waits for its end."""

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Self

from pulumi.runtime.proto import language_pb2

ENDED_EARLY = "the program's process ended before the program was done"


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
        # One byte is in front: an empty response is zero bytes long.
        return (
            language_pb2.RunResponse.FromString(answer[1:]) if answer else language_pb2.RunResponse(error=ENDED_EARLY)
        )

    def kill(self) -> None:
        """End the program's process, if it still runs: it ends with its connection."""
        if self._connection.fileno() >= 0:
            self._connection.shutdown(socket.SHUT_WR)


class Runner:
    """The starter's process, and the way to ask it."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._lock = threading.Lock()

    @classmethod
    def start(cls) -> Self:
        """Start the starter; it imports the SDK while the host answers its first questions. From the main thread only.

        It ignores interrupts until it has come so far as to die of them without a traceback.
        """
        ours, theirs = socket.socketpair()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with theirs:
            subprocess.Popen(
                [sys.executable, "-u", "-m", "plugins.language.starter", str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        return cls(ours)

    def run(self, request: language_pb2.RunRequest) -> Run:
        """Start the request's program."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            socket.send_fds(self._requests, [b"r"], [theirs.fileno()])
        return Run(ours, request)
