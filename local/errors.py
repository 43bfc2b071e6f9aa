"""What local/ raises: one kind of error, whose message a user can act on."""


class LocalError(Exception):
    """Something about the embedded AWS went wrong; the message is one line and says what to do."""
