"""What a person sees when a profile is wrong."""


class ProfileError(Exception):
    """A mistake in a profile; its text says what is wrong, where, and what to do, and is shown without a traceback."""

    user_message = True
