"""The error of the embedded AWS."""


class LocalError(Exception):
    """An error of the embedded AWS; the message names the next step."""
