"""The entry point: runs the command line and turns errors into messages."""

import os
import sys
from typing import NoReturn

from cairn.app import app
from cairn.console import say
from cairn.errors import exit_code, message
from cairn.interruption import interrupt_on_termination


def main() -> NoReturn:
    """Run `cairn` and exit: 0 well, 1 something failed, 2 a mistake of the user's, 130 interrupted."""
    interrupt_on_termination()
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
