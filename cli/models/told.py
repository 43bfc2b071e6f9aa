"""What detection/ refuses, as the error that a user reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from detection.errors import DetectionError
from functions.fraud.scoring.rules import RulesError
from terminal.errors import UserError


@contextmanager
def told_to_users() -> Iterator[None]:
    """Turns detection's errors into a `UserError`."""
    try:
        yield
    except DetectionError as error:
        raise UserError(error.message, error.hint) from error
    except RulesError as error:
        raise UserError(str(error)) from error
