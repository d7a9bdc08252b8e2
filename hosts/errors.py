"""The one error that hosts raises on purpose."""


class HostError(Exception):
    """What is wrong with a host, where, and the command that fixes it; its text is meant for the person."""

    user_message = True
