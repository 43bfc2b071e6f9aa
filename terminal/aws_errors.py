"""What AWS, or the way to it, raises, as the error that a user reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from terminal.errors import UserError


@contextmanager
def told_to_users() -> Iterator[None]:
    """Turns botocore's errors into a `UserError` of one line."""
    try:
        yield
    except ClientError as error:
        problem = error.response.get("Error", {})
        said = _sentence(str(problem.get("Message") or problem.get("Code")))
        hint = (
            # There is no other bucket than that of the state.
            "Make it: invoke bootstrap"
            if problem.get("Code") == "NoSuchBucket"
            else "Check which credentials are in use: aws sts get-caller-identity"
        )
        raise UserError(f"AWS refuses {error.operation_name}: {said}", hint) from error
    except BotoCoreError as error:
        raise UserError(_sentence(str(error)), "Check the credentials and the network.") from error


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".") + "."
