"""Ties the life of a plug-in's processes to the engine's: none of them outlives an engine that was killed."""

import ctypes
import os
import signal
import stat
import threading

PR_SET_PDEATHSIG = 1


def end_with_engine() -> None:
    """Kill this plug-in, with every process that it started, as soon as the engine is gone.

    The engine holds the other end of a plug-in's standard input for as long as it lives and never writes to it
    (ExecPlugin in pulumi's plugin.go), so its end is the engine's end, even after `kill -9`. A parent-death signal
    would be wrong here: it comes when the engine's *thread* that started the plug-in ends. Where standard input is no
    pipe (a person's shell, /dev/null) there is no engine to watch.
    """
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_wait_for_end_of_input, name="engine-watch", daemon=True).start()


def end_with_parent(parent: int) -> None:
    """Kill this process as soon as the one that started it is gone. For children of a main thread only.

    :param parent: the process id of the one that started it, which may have gone already.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _wait_for_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
