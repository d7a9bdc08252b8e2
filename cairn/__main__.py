"""The entry point: runs the command line and turns errors into messages."""

import os
import sys
from typing import NoReturn

from cairn.console import say
from cairn.interruption import interrupt_on_termination

ON_WINDOWS = """error: Cairn does not run on Windows itself
fix:   use WSL 2 or a Linux VM (Debian 12, 2 cores, 10 GiB); from there it also installs on a cluster that you have"""


def main() -> NoReturn:
    """Run `cairn` and exit: 0 well, 1 something failed, 2 a mistake of the user's, 130 interrupted."""
    if sys.platform == "win32":
        say(ON_WINDOWS)
        sys.exit(2)
    from cairn.app import app
    from cairn.errors import exit_code, message
    from cairn.shell import begin

    interrupt_on_termination()
    begin(os.environ, sys.argv)
    try:
        app(prog_name="cairn")
    except KeyboardInterrupt:
        say("error: interrupted")
        sys.exit(130)
    except Exception as error:
        if "CAIRN_DEBUG" in os.environ:
            raise
        say(message(error))
        sys.exit(exit_code(error))
    sys.exit(0)


if __name__ == "__main__":
    main()
