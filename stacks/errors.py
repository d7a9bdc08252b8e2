"""What a person sees when an environment can't be made as asked."""


class ClusterError(Exception):
    """A cluster can't be used as it was given; the text says why and which command mends it, without a traceback."""

    user_message = True
