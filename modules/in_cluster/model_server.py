"""MLServer as this platform runs it: `mlserver start FOLDER`, with one setting more and with answers for callers.

KEEP_ALIVE_SECONDS is how long an idle connection stays open. What a model can't make sense of is the caller's to mend:
it is answered with 400 and the model's own sentence. Anything else is answered with 500, and the log has the traceback.
"""

import functools
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from mlserver.cli import main as mlserver
from mlserver.errors import MLServerError
from mlserver.handlers import DataPlane
from mlserver.settings import Settings

CALLERS = (ValueError, TypeError, LookupError)
"""What scikit-learn, NumPy and pandas raise for rows, columns and types that don't fit."""


def answer_to(error: Exception) -> MLServerError:
    """What a caller is told of an error inside a model."""
    status = getattr(error, "get_http_status_code", lambda: 400 if isinstance(error, CALLERS) else 500)()
    if status >= 500:
        return MLServerError("the model failed; its server's log says why", 500)
    # MLflow repeats all data and the whole signature before it comes to the point.
    said = str(error).rpartition("Error: ")[2]
    return MLServerError(f"no such column or row: {said}" if isinstance(error, LookupError) else said, 400)


def answering(infer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same with every error of a model turned into an answer."""

    @functools.wraps(infer)
    async def answered(*arguments: Any, **named: Any) -> Any:
        try:
            return await infer(*arguments, **named)
        except MLServerError:
            raise
        except Exception as error:
            # Not MLServer's own logger, whose errors are the container's last words.
            logging.getLogger("uvicorn.error").exception("a request failed in the model")
            raise answer_to(error) from None

    return answered


def main() -> None:
    """Serve until told to stop."""
    patience = int(os.environ["KEEP_ALIVE_SECONDS"])
    Settings.__private_attributes__["_custom_rest_server_settings"].default = {"timeout_keep_alive": patience}
    DataPlane.infer = answering(DataPlane.infer)
    mlserver()


if __name__ == "__main__":
    main()
