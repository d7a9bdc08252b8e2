"""The process that starts programs: it has the SDK imported, and forks one process for each run.

A second run in the same process would find the program's modules imported and so miss the resources that they
declare; a fresh interpreter would spend half a second on importing the SDK again. No gRPC is in use in this process:
that does not survive a fork.
"""

import os
import signal
import socket
import sys
import threading

from plugins.lifetime import end_with_parent


def main() -> None:
    """Fork a process for each connection that comes in, until the host is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    end_with_parent(int(sys.argv[2]))
    from plugins.language import program  # noqa: F401

    requests = socket.socket(fileno=int(sys.argv[1]))
    starter = os.getpid()
    while True:
        _, descriptors, _, _ = socket.recv_fds(requests, 1, 1)
        if not descriptors:
            return
        with socket.socket(fileno=descriptors[0]) as connection:
            if os.fork() == 0:
                requests.close()
                end_with_parent(starter)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _run_program(connection)


def _run_program(connection: socket.socket) -> None:
    from pulumi.runtime.proto import language_pb2

    from plugins.language import program

    stream = connection.makefile("rb")
    request = language_pb2.RunRequest.FromString(stream.read(int.from_bytes(stream.read(8), "big")))
    threading.Thread(target=_end_with_connection, args=(connection,), daemon=True).start()
    response = program.run(request)
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(b"\n" + response.SerializeToString())
    os._exit(0)


def _end_with_connection(connection: socket.socket) -> None:
    while connection.recv(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
