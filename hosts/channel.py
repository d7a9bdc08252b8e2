"""SSH channels that end in order."""

import threading

import paramiko


class Channel(paramiko.Channel):
    """A channel whose end of input never goes out after its close.

    paramiko makes a message under the channel's lock and sends it when that is free again. On a busy machine the answer
    to a close of the server's overtakes the end of input so, and sshd ends the whole connection for a message to a
    channel that is gone (paramiko/paramiko#1115).
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._end = threading.RLock()

    def shutdown(self, how: int) -> None:
        """As paramiko's, and the message is sent when it returns."""
        with self._end:
            super().shutdown(how)

    def _handle_close(self, message: paramiko.Message) -> None:
        with self._end:
            super()._handle_close(message)  # type: ignore[misc]


def use() -> None:
    """Makes every channel that paramiko opens in this process one of these."""
    vars(paramiko.transport)["Channel"] = Channel
