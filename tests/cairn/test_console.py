import os
import subprocess
import sys

from catalog.directories import REPOSITORY

SAY = """
import threading
from cairn.console import say
speaker = threading.Thread(target=lambda: ([say("working") for _ in range(3)], print("went on")))
speaker.start()
speaker.join()
"""


def test_work_goes_on_when_nobody_hears_what_is_said_of_it() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", SAY], cwd=REPOSITORY, stderr=writer, stdout=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, b"went on\n")
