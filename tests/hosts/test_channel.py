"""How an SSH channel ends."""

import threading
from typing import Any

import paramiko
import pytest

from hosts import channel

KINDS = {96: "end of input", 97: "close"}
"""By the message numbers of RFC 4254, section 9."""


class Wire:
    """A transport that takes its time over an end of input: until a close passed it, or half a second is over."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.begun, self.closed = threading.Event(), threading.Event()

    def get_log_channel(self) -> str:
        return "paramiko.test"

    def _sanitize_packet_size(self, size: int) -> int:
        return size

    def _unlink_channel(self, number: int) -> None:
        """It keeps no list."""

    def _send_user_message(self, message: paramiko.Message) -> None:
        kind = KINDS[message.asbytes()[0]]
        if kind == "end of input":
            self.begun.set()
            self.closed.wait(0.5)
        self.sent.append(kind)
        if kind == "close":
            self.closed.set()


def _ended(kind: type[paramiko.Channel]) -> list[str]:
    """What such a channel sends when the server closes it while it says its end of input."""
    wire = Wire()
    made: Any = kind(1)
    made._set_transport(wire)
    made._set_remote_channel(1, 2**20, 2**15)
    saying = threading.Thread(target=made.shutdown_write)
    saying.start()
    assert wire.begun.wait(5)
    made._handle_close(paramiko.Message())
    saying.join(5)
    return wire.sent


def test_an_end_of_input_goes_out_before_the_close_that_follows() -> None:
    assert _ended(channel.Channel) == ["end of input", "close"]


def test_paramiko_lets_a_close_overtake_it() -> None:
    """Once this fails, hosts/channel.py can go."""
    assert _ended(paramiko.Channel) == ["close", "end of input"]


def test_every_channel_that_is_opened_is_such_a_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paramiko.transport.Channel", paramiko.Channel)
    channel.use()
    assert vars(paramiko.transport)["Channel"] is channel.Channel
